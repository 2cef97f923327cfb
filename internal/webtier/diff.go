package webtier

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Diff returns the way from what was seen to what is wanted. Machines that have
// never served are set up side by side, and so is what is down brought back. Machines
// that serve, or may serve again when the work begins, are changed one after the
// other, each drained first and back in service before the next.
func Diff(spec Spec, status Status) (Plan, error) {
	spec = spec.Defaulted()
	if err := refuseForeign(spec, status); err != nil {
		return Plan{}, err
	}
	for _, refuse := range []func(Spec, Status) error{refuseMountPoint, refuseExposed, refuseOtherSite} {
		if err := refuse(spec, status); err != nil {
			return Plan{}, err
		}
	}
	number, err := programNumber(spec, status)
	if err != nil {
		return Plan{}, err
	}
	var (
		plan    Plan
		aside   []Lane // may be done while others are
		rolling []changes
		busy    = map[string]bool{}
	)
	for _, node := range spec.Nodes {
		seen, found := status.Nodes[node.Name]
		if !found || !seen.Reachable() {
			continue
		}
		site, _ := spec.knownSite(status, node.Name)
		work := compare(spec, node, seen, site, number)
		busy[node.Name] = len(work.parts) > 0 || seen.leftover()
		switch {
		case len(work.parts) == 0 && !seen.leftover():
		case seen.leftover(), work.disruptive() && seen.Serving(), work.stops() && seen.hasServed(spec):
			rolling = append(rolling, work)
		default:
			aside = append(aside, work.lane(spec, !seen.Serving() && work.complete))
		}
	}
	plan.Parallel("prepare", aside...)
	if err := roll(&plan, spec, status, rolling); err != nil {
		return Plan{}, err
	}
	if err := wordpressPlan(&plan, spec, status, busy, number); err != nil {
		return Plan{}, err
	}
	return plan, nil
}

// leftover reports whether a change of ours took the machine out of service and
// did not finish.
func (n NodeStatus) leftover() bool { return n.Rolling || n.Drained == drainedByChange }

// refuseForeign refuses machines that belong to another tier or serve sites of
// somebody else.
func refuseForeign(s Spec, status Status) error {
	for _, node := range s.Nodes {
		seen := status.Nodes[node.Name]
		if !seen.Reachable() {
			continue
		}
		for _, marker := range seen.Markers {
			if marker != s.Name {
				return &reconcile.RefusedError{
					What: "make web tier " + s.Name, Node: node.Name,
					Evidence: []string{fmt.Sprintf("it belongs to web tier %s", marker)},
					Remedy:   "Give each web tier machines of its own, or destroy the other one first.",
				}
			}
		}
		if slices.Contains(seen.Markers, s.Name) || s.Adopt {
			continue
		}
		if foreign := seen.foreignSites(s); len(foreign) > 0 {
			return &reconcile.RefusedError{
				What: "make web tier " + s.Name, Node: node.Name,
				Evidence: []string{fmt.Sprintf("its Apache serves %s, which is not of this tier", strings.Join(foreign, ", "))},
				Remedy:   "Disable the site with a2dissite if nobody needs it, or use other machines.",
			}
		}
	}
	return nil
}

// refuseMountPoint refuses a mount point that somebody else uses: another file
// system, where no unit of ours mounts one, or files that a mount would hide.
func refuseMountPoint(s Spec, status Status) error {
	if s.Mount == nil {
		return nil
	}
	for _, node := range s.Nodes {
		seen := status.Nodes[node.Name]
		ours := seen.Files["/etc/systemd/system/"+mountUnit(s.MountPoint)].Exists
		evidence := ""
		switch {
		case !seen.Reachable():
		case seen.Mount.Type != "" && !s.Mount.matches(seen.Mount) && !ours:
			evidence = fmt.Sprintf("%s (%s) is mounted at %s, and not by us", seen.Mount.Source, seen.Mount.Type, s.MountPoint)
		case seen.Mount.Occupied:
			evidence = s.MountPoint + " has files, which the mount would hide"
		}
		if evidence != "" {
			return &reconcile.RefusedError{
				What: "mount " + s.Mount.Source, Node: node.Name, Evidence: []string{evidence},
				Remedy: "Choose another mount_point, or clear this one.", Path: []string{"mount_point"},
			}
		}
	}
	return nil
}

func (n NodeStatus) foreignSites(s Spec) []string {
	var foreign []string
	for _, link := range n.Enabled {
		name, isSite := strings.CutPrefix(link, "sites-enabled/")
		if isSite && name != defaultSite && name != s.apacheName() {
			foreign = append(foreign, strings.TrimSuffix(name, ".conf"))
		}
	}
	return foreign
}

// defaultSite is the site that Debian's package enables.
const defaultSite = "000-default.conf"

// part is one kind of work on a machine.
type part struct {
	title string
	whys  []string
	// disruptive work can cost visitors their requests.
	disruptive bool
	// repairs says that the work only starts or mounts what is down. On a machine that
	// serves again by the time it runs, it does nothing.
	repairs bool
	// reverts says that the work leaves everything as it was when it fails.
	reverts bool
	do      action
}

// changes is all the work on a machine, in order.
type changes struct {
	node  host.Node
	parts []part
	// complete says that nothing has to be seen before more can be planned.
	complete bool
}

func (c changes) disruptive() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.disruptive })
}

// stops reports whether the work would take visitors' requests from a machine that
// was seen out of order and serves again when the work begins.
func (c changes) stops() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.disruptive && !p.repairs })
}

// compare returns what differs on one machine. What can only be known once
// software is installed or the mount is there is left to the next observation.
func compare(s Spec, node host.Node, seen NodeStatus, site Identity, number int) changes {
	work := changes{node: node}
	add := func(p part) {
		if len(p.whys) > 0 {
			work.parts = append(work.parts, p)
		}
	}
	set := files(s, node.Name, seen.Facts, seen.PHP)
	add(markerPart(s, seen))
	missing := missingPackages(s, seen)
	add(packagesPart(missing))
	add(holdPart(s, seen))
	add(scriptsPart(seen, set))
	add(accountPart(s, seen, number))
	add(unitsPart(s, seen, set))
	add(kernelPart(seen, set))
	mount := mountPart(s, seen, set, site)
	add(mount)
	content := contentPart(s, seen, site)
	if len(mount.whys) > 0 {
		// What lies on the mount is not known yet; the step leaves alone what exists.
		content.whys = nil
		work.parts = append(work.parts, content)
	}
	add(content)
	if slices.Contains(missing, "apache2") || s.php() && seen.PHP == "" {
		return work
	}
	if s.php() {
		add(phpPart(s, seen, set))
	}
	add(apachePart(s, seen, set))
	add(undeclaredPart(s, seen))
	add(rememberPart(s, seen))
	work.complete = true
	if len(work.parts) == 0 && seen.Health != 200 && seen.Drained != drainedByOperator && !seen.leftover() {
		add(healthPart(s, seen))
	}
	return work
}

func markerPart(s Spec, seen NodeStatus) part {
	file := s.marker().File()
	p := part{title: "mark as part of web tier " + s.Name, do: writeFiles(file)}
	switch {
	case !seen.Files[file.Path].Exists:
		p.whys = []string{"it is not marked as part of web tier " + s.Name}
	case file.Difference(seen.Files[file.Path]) != "":
		p.whys = []string{file.Difference(seen.Files[file.Path])}
	}
	return p
}

func missingPackages(s Spec, seen NodeStatus) []string {
	var missing []string
	for _, name := range s.packages() {
		if seen.Packages[name] == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

func packagesPart(missing []string) part {
	p := part{title: "install packages", disruptive: true, do: installPackages(missing)}
	if len(missing) > 0 {
		p.whys = []string{"not installed: " + strings.Join(missing, ", ")}
	}
	return p
}

// holdPart keeps an upgrade of the system from restarting all web servers at once.
func holdPart(s Spec, seen NodeStatus) part {
	wanted := []string{"apache2"}
	if s.php() {
		wanted = append(wanted, "php-fpm")
	}
	unheld := slices.DeleteFunc(wanted, func(p string) bool { return !slices.Contains(seen.Unheld, p) })
	p := part{title: "hold packages", do: func(ctx context.Context, h *host.Host) error {
		return h.HoldPackages(ctx, markerKind+"-"+s.Name, unheld...)
	}}
	if why := host.WhyHold(unheld, seen.Packages); why != "" {
		p.whys = []string{why}
	}
	return p
}

func scriptsPart(seen NodeStatus, set fileSet) part {
	changed, whys := differing(seen, set.scripts)
	probe := slices.ContainsFunc(changed, func(f host.File) bool { return path.Base(f.Path) == "probe" })
	return part{title: "write scripts", whys: whys, disruptive: probe, do: writeScripts(changed, probe)}
}

// differing returns the files that differ, and how.
func differing(seen NodeStatus, wanted []host.File) (changed []host.File, whys []string) {
	for _, file := range wanted {
		if why := file.Difference(seen.Files[file.Path]); why != "" {
			changed = append(changed, file)
			if path.Base(file.Path) == "terraform-ha.conf" {
				why = strings.TrimSuffix(path.Base(path.Dir(file.Path)), ".d") + " drop-in " + why
			}
			whys = append(whys, why)
		}
	}
	return changed, whys
}

func unitsPart(s Spec, seen NodeStatus, set fileSet) part {
	changed, whys := differing(seen, set.units)
	wanted := []string{probeUnit}
	if s.Mount != nil {
		wanted = append(wanted, remountUnit)
	}
	if s.WordPress != nil {
		wanted = append(wanted, cronUnit)
	}
	if s.updatesApart() {
		wanted = append(wanted, updateUnit)
	}
	isNew := len(changed) > 0
	for _, unit := range append(wanted, apacheUnit, fpmKey) {
		if seen.Units[unit].NeedsDaemonReload && !isNew {
			whys = append(whys, "systemd has not read the changed "+unit)
		}
	}
	for _, unit := range wanted {
		state := seen.Units[unit]
		switch {
		case state.Load != "loaded" && isNew: // the missing file says it
		case !state.Running():
			whys = append(whys, unit+" is "+or(state.Active, "missing"))
		case !state.Enabled():
			whys = append(whys, unit+" does not start at boot")
		}
	}
	restart := slices.ContainsFunc(changed, func(f host.File) bool { return path.Base(f.Path) == probeUnit })
	return part{title: "set up units", whys: whys, disruptive: restart, do: setUpUnits(changed, wanted, restart)}
}

func mountPart(s Spec, seen NodeStatus, set fileSet, site Identity) part {
	if s.Mount == nil {
		return part{}
	}
	changed, whys := differing(seen, set.mount)
	unit := mountUnit(s.MountPoint)
	mounted := seen.Mount.Type != ""
	if slices.Contains(seen.Pending, "mount") && len(changed) == 0 {
		whys = append(whys, unit+" was changed and not mounted again")
	}
	switch {
	case !mounted:
		whys = append(whys, fmt.Sprintf("%s is not mounted at %s", s.Mount.Source, s.MountPoint))
	case !s.Mount.matches(seen.Mount):
		whys = append(whys, fmt.Sprintf("%s (%s) is mounted at %s instead of %s", seen.Mount.Source, seen.Mount.Type, s.MountPoint, s.Mount.Source))
	case seen.Mount.Answer == AnswerHung:
		whys = append(whys, fmt.Sprintf("%s at %s does not answer within 5 s", s.Mount.Source, s.MountPoint))
	case seen.Mount.Answer == AnswerBroken:
		whys = append(whys, fmt.Sprintf("%s at %s answers with an error", s.Mount.Source, s.MountPoint))
	}
	if state := seen.Units[unit]; state.Load == "loaded" && !state.Enabled() {
		whys = append(whys, unit+" does not start at boot")
	}
	again := len(changed) > 0 || slices.Contains(seen.Pending, "mount") || mounted && !s.Mount.matches(seen.Mount)
	mount := mountVolume(s, changed, again)
	if site.Site != "" && mounted && !s.Mount.matches(seen.Mount) {
		mount = inOrder(lookAtVolume(s, site), mount)
	}
	return part{title: "mount " + s.Mount.Source, whys: whys, disruptive: true, repairs: !again, do: mount}
}

func contentPart(s Spec, seen NodeStatus, site Identity) part {
	p := part{title: "prepare the document root", do: prepareRoot(s, site)}
	switch {
	case !seen.Root.Exists:
		p.whys = append(p.whys, s.DocumentRoot+" does not exist")
	case seen.Root.Owner != s.filesOwner() || seen.Root.Group != siteUser:
		if _, known := seen.accountNamed(s.filesOwner()); !known && s.readOnly() {
			break // who it belongs to has no name here yet
		}
		p.whys = append(p.whys, fmt.Sprintf("%s belongs to %s:%s instead of %s:%s", s.DocumentRoot, seen.Root.Owner, seen.Root.Group, s.filesOwner(), siteUser))
	}
	if s.sessions() != "" && seen.Root.Exists && seen.Mount.Sessions != "700 "+siteUser {
		p.whys = append(p.whys, s.sessions()+" is not there for "+siteUser+" alone")
	}
	switch seen.Mount.Answer {
	case AnswerNew:
		p.whys = append(p.whys, path.Base(s.sentinel())+" is missing")
	case AnswerBroken:
		p.whys = append(p.whys, path.Base(s.sentinel())+" cannot be read")
	case AnswerOK:
		if s.Mount != nil && s.Mount.VolumeID != "" && seen.Mount.Sentinel.Volume == "" {
			p.whys = append(p.whys, path.Base(s.sentinel())+" does not name the volume")
		}
	}
	return p
}

func phpPart(s Spec, seen NodeStatus, set fileSet) part {
	_, whys := differing(seen, set.php)
	if seen.PHP == "" {
		return part{}
	}
	if seen.DistributionPool {
		whys = append(whys, "the distribution's pool www is enabled")
	}
	load := len(whys) > 0
	if slices.Contains(seen.Pending, phpService) {
		load = true
		whys = append(whys, fpmUnit(seen.PHP)+" has not loaded its configuration")
	}
	whys = append(whys, unitWhys(fpmUnit(seen.PHP), seen.Units[fpmKey])...)
	return part{title: "configure PHP-FPM", whys: whys, disruptive: true, repairs: !load, reverts: true, do: configurePHP(seen.PHP, set.php, s.doubtfulSettings(), load)}
}

func apachePart(s Spec, seen NodeStatus, set fileSet) part {
	_, whys := differing(seen, set.apache)
	enable, disable := links(s, seen)
	for _, link := range enable {
		whys = append(whys, link+" is not enabled")
	}
	for _, link := range disable {
		whys = append(whys, link+" is enabled")
	}
	load := len(whys) > 0
	if slices.Contains(seen.Pending, apacheService) {
		load = true
		whys = append(whys, "apache2 has not loaded its configuration")
	}
	whys = append(whys, unitWhys("apache2", seen.Units[apacheUnit])...)
	return part{title: "configure Apache", whys: whys, disruptive: true, repairs: !load, reverts: true, do: configureApache(s, set.apache, load)}
}

// links returns the links below /etc/apache2 that are missing and those that
// must not be there.
func links(s Spec, seen NodeStatus) (missing, tooMany []string) {
	wanted := []string{"conf-enabled/" + s.apacheName(), "sites-enabled/" + s.apacheName()}
	for _, module := range s.modules() {
		wanted = append(wanted, "mods-enabled/"+module+".load")
	}
	for _, link := range wanted {
		if !slices.Contains(seen.Enabled, link) {
			missing = append(missing, link)
		}
	}
	for _, link := range seen.Enabled {
		module, isModule := strings.CutPrefix(link, "mods-enabled/")
		switch {
		case link == "sites-enabled/"+defaultSite,
			isModule && strings.HasSuffix(module, ".load") && unwantedModule(module):
			tooMany = append(tooMany, link)
		}
	}
	return missing, tooMany
}

// unwantedModule reports whether a module is another way to process requests or
// PHP inside Apache.
func unwantedModule(file string) bool {
	name := strings.TrimSuffix(file, ".load")
	return name == "mpm_prefork" || name == "mpm_worker" || strings.HasPrefix(name, "php")
}

func unitWhys(name string, state host.UnitState) []string {
	switch {
	case state.Load == "masked":
		return []string{name + " is masked"}
	case !state.Running():
		return []string{name + " is " + stopped(state.Active)}
	case !state.Enabled():
		return []string{name + " does not start at boot"}
	}
	return nil
}

func stopped(active string) string {
	if active == "" || active == "inactive" {
		return "stopped"
	}
	return active
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func healthPart(s Spec, seen NodeStatus) part {
	why := fmt.Sprintf("%s answers %d instead of 200", s.HealthPath, seen.Health)
	if seen.Health == 0 {
		why = s.HealthPath + " does not answer"
	}
	phpUnit := ""
	if s.php() {
		phpUnit = fpmUnit(seen.PHP)
	}
	return part{title: "restart what does not answer", whys: []string{why}, do: restartServers(s, phpUnit)}
}

// lane turns the work into steps; gated work ends when the machine is healthy.
func (c changes) lane(s Spec, gated bool) Lane {
	var lane Lane
	for _, p := range c.parts {
		lane = append(lane, step(c.node.Name, p.title, strings.Join(p.whys, "; "), p.do))
	}
	if gated {
		lane = append(lane, step(c.node.Name, "wait until healthy", "", awaitHealth(s)),
			step(c.node.Name, "remember the site", "", rememberSite(s)))
	}
	return lane
}
