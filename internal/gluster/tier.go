package gluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

type (
	// Plan is a plan over machines.
	Plan = reconcile.Plan[host.Hosts]
	// Step is a step of such a plan.
	Step = reconcile.Step[host.Hosts]
	// Lane is a sequence of such steps.
	Lane = reconcile.Lane[host.Hosts]
)

// act is what a step does.
type act = func(ctx context.Context, hosts host.Hosts) error

// Observe looks at the volume on every machine, with one command each. With
// only a name in spec, as on import, the brick's path is taken from the volume.
//
// "volume status" is not asked for: it takes the volume's lock in the whole pool,
// so that machines asked at the same time get in each other's way, and leaves out
// the bricks of lost peers. Each machine sees its own processes, and the heal
// information is a real client's view of all bricks. To become a client is the
// dearest of all questions, so a plan asks the first machine only, and another one
// where that cannot tell; [Verify] asks every one.
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	first := ""
	for _, node := range spec.Nodes {
		if first == "" || node.Name < first {
			first = node.Name
		}
	}
	status := look(ctx, views, spec, func(name string) bool { return name == first })
	if seen := status.Nodes[first]; !seen.canAsk(spec.Name) || seen.HealErr != nil {
		askAnyClient(ctx, views, spec, status)
	}
	return status
}

func look(ctx context.Context, views host.Views, spec Spec, asClient func(name string) bool) Status {
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (Node, error) {
		return observeNode(ctx, view, spec, asClient(view.Name()))
	})
	status := Status{Nodes: map[string]Node{}}
	for name, node := range seen {
		node.Value.Err = node.Err
		status.Nodes[name] = node.Value
	}
	return status
}

func observeNode(ctx context.Context, view host.View, spec Spec, asClient bool) (Node, error) {
	marker := spec.marker("", nil).Path()
	files := append([]string{daemonFile, dropInFile, shutdownFile, marker}, spec.firewall(spec.Name, nil, nil).Paths()...)
	files = append(files, spec.diskPaths(view.Name())...)
	questions := []shell.Part{
		host.AskFacts("facts"),
		host.AskPackages("packages", append(packages(), host.FirewallPackage)...),
		host.AskUnits("units", append([]string{daemonUnit, shutdownUnit}, spec.diskUnit(view.Name())...)...),
		host.AskFiles("files", files...),
		host.AskFirewall("filter", markerKind),
		host.AskFirewallSources("sources", markerKind),
		shell.Ask("names", askNames, spec.names()...),
		shell.Ask("marker", `: gluster-marker
[ ! -e "$1" ] || cat -- "$1"`, marker),
		shell.Ask("identity", `: gluster-identity
cat /var/lib/glusterd/glusterd.info`),
		shell.Ask("brick", askBrick, spec.Name, spec.pathOf(view.Name())),
		// One program for both: to start it is most of what either costs. While it
		// reads commands it waits for a glusterd that is not there, so that is asked first.
		shell.Ask("pool", `: gluster-pool
kill -0 "$(cat /var/run/glusterd.pid)" || { echo 'glusterd is not running'; exit 1; }
printf 'peer status\nvolume info\n' | PYTHONHOME=`+noPython+` timeout 20 gluster --mode=script --xml`),
	}
	if asClient {
		questions = append(questions, askHeal(spec.Name))
	}
	answers, err := view.Ask(ctx, append(questions, spec.askDisk(view.Name())...)...)
	if err != nil {
		return Node{}, err
	}
	node := parseNode(answers)
	if d, found := spec.disk(view.Name()); found {
		node.Disk = d.Parse(answers["disk"], host.ParseUnits(answers["units"]), node.Files)
	}
	return node, nil
}

func parseNode(answers shell.Answers) Node {
	units := host.ParseUnits(answers["units"])
	node := Node{
		Facts:     host.ParseFacts(answers["facts"]),
		Packages:  host.ParsePackages(answers["packages"]),
		Unheld:    host.ParseUnheld(answers["packages"]),
		Daemon:    units[daemonUnit],
		Shutdown:  units[shutdownUnit],
		Files:     host.ParseFiles(answers["files"]),
		Filter:    host.ParseFirewall(answers["filter"]),
		Sources:   host.ParseFirewallSources(answers["sources"]),
		Addresses: parseNames(answers["names"].Out),
		Marker:    parseMarker(answers["marker"].Out),
		UUID:      parseIdentity(answers["identity"].Out, "UUID"),
		Version:   parseIdentity(answers["identity"].Out, "operating-version"),
	}
	node.Brick, node.Defined, node.Managed = parseBrick(answers["brick"].Out)
	var pool cliOutput
	pool, node.CLI = parseOutputs(answers["pool"].Out, 2)
	node.Peers, node.Volumes = pool.peers(), pool.volumes()
	node.hear(answers)
	return node
}

// Diff plans the way from what was observed to what is wanted, or refuses. It
// plans what this observation is enough for: software first, then pool and
// volume once every glusterd answers. What only a person can cure is in no plan and
// no refusal unless something that is to be done needs it; [Notices] tells of it.
func Diff(spec Spec, status Status) (Plan, error) {
	d := newDiffer(spec, status)
	mounts, waits := d.devices()
	if plan, err := d.devicesFirst(mounts, waits); !d.exists && (err != nil || !plan.Empty()) {
		return plan, err
	}
	d.setAside()
	var plan Plan
	if err := d.refuse(); err != nil {
		plan.Parallel("data devices", mounts...)
		if plan.Empty() {
			return Plan{}, err
		}
		return plan, nil
	}
	d.prepare(&plan)
	if d.allAnswer() {
		if d.exists {
			d.change(&plan)
			d.restart(&plan)
			d.rejoin(&plan)
			d.remakeBricks(&plan)
		} else if err := d.build(&plan); err != nil {
			return Plan{}, err
		}
		d.closeFilters(&plan)
	}
	plan.Parallel("data devices", mounts...)
	if plan.Empty() && d.blocked != nil {
		return Plan{}, d.blocked
	}
	return plan, nil
}

type differ struct {
	spec   Spec
	status Status
	volume Volume
	// exists says that the volume's definition was seen, and absent that it is in
	// no pool and on no disk. Neither holds while every glusterd is stopped.
	exists, absent bool
	// reached are the spec's nodes that answered and are not sick.
	reached []host.Node
	// sick are machines that answer and cannot serve their bricks. Those that are bare
	// have a directory in the place of the brick, which GlusterFS would take for the
	// brick if the volume was started by force.
	sick []sick
	bare []host.Node
	// blocked is work that has to wait for machines. It is only worth an error if
	// nothing else can be done.
	blocked *reconcile.RefusedError
}

func newDiffer(spec Spec, status Status) *differ {
	d := &differ{spec: spec.Defaulted(), status: status}
	d.volume, d.exists = status.Volume(spec.Name)
	d.absent = !status.defined(spec.Name)
	for _, node := range d.spec.Nodes {
		if seen, found := status.Nodes[node.Name]; found && seen.Err == nil {
			d.reached = append(d.reached, node)
		}
	}
	return d
}

// missing returns the nodes that did not answer, or are sick.
func (d *differ) missing() []string {
	var names []string
	for _, node := range d.spec.Nodes {
		if !slices.Contains(d.reached, node) {
			names = append(names, node.Name)
		}
	}
	return names
}

// allAnswer reports whether glusterd answers on every machine that does.
func (d *differ) allAnswer() bool {
	for _, node := range d.reached {
		if !d.status.Nodes[node.Name].answers() {
			return false
		}
	}
	return true
}

func (d *differ) block(what string, evidence ...string) {
	d.blockUntil(what, "Bring the volume's machines back first.", evidence...)
}

func (d *differ) blockUntil(what, remedy string, evidence ...string) {
	if d.blocked == nil {
		d.blocked = &reconcile.RefusedError{What: what, Evidence: evidence, Remedy: remedy}
	}
}

// refuse looks for everything that makes any change dangerous.
func (d *differ) refuse() error {
	checks := []func() *reconcile.RefusedError{
		d.refuseSilence, d.refuseIdentities, d.refuseForeignVolume, d.refuseGeometry, d.refuseSwitchingOff, d.refuseAllRebuilt, d.refuseRejected, d.refuseBricks,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	for _, node := range d.reached {
		if err := d.status.Nodes[node.Name].Facts.Supported(node.Name); err != nil {
			return err
		}
	}
	return nil
}

// prepare brings every machine's own things in place, all machines at once.
func (d *differ) prepare(plan *Plan) {
	var lanes []Lane
	for _, node := range d.reached {
		lanes = append(lanes, d.prepareNode(node, d.status.Nodes[node.Name], false))
	}
	for _, sick := range d.sick {
		if sick.refused == nil || !sick.outside {
			lanes = append(lanes, d.prepareNode(sick.node, d.status.Nodes[sick.node.Name], sick.outside))
		}
	}
	plan.Parallel("prepare", lanes...)
}

// prepareNode is for one machine. One that is outside of its pool is started when
// it has its identity back.
func (d *differ) prepareNode(node host.Node, seen Node, outside bool) Lane {
	var lane Lane
	add := func(title, why string, do act) {
		lane = append(lane, Step{Node: node.Name, Title: title, Why: why, Do: do})
	}
	// A directory whose attributes cannot be read yet may be somebody's brick: it
	// becomes ours when they can.
	known := !d.absent || !seen.Brick.Exists || seen.Brick.AttributesKnown
	if marker := d.spec.marker(node.Name, d.remembered()).File(); known && marker.Difference(seen.Files[marker.Path]) != "" {
		add("write the marker", "the "+marker.Difference(seen.Files[marker.Path])+" (marker)", writeFile(node.Name, marker))
	}
	lane = append(lane, d.diskSteps(node)...)
	if lacking := lacking(d.spec.packages(), seen.Packages); len(lacking) > 0 {
		add("install packages", sentence("package %s is not installed", "packages %s are not installed", lacking), install(node.Name, lacking))
	}
	if unheld := host.ToHold([]string{"glusterfs-server"}, seen.Unheld, seen.Packages); len(unheld) > 0 {
		add("hold packages", host.WhyHold(unheld, seen.Packages), hold(node.Name, d.spec.Name, unheld))
	}
	running := seen.Daemon.Running()
	if why := d.spec.daemonFile().Difference(seen.Files[daemonFile]); why != "" && !running {
		add("write glusterd.vol", why, writeFile(node.Name, d.spec.daemonFile()))
	}
	d.prepareUnits(seen, running, add, node.Name)
	d.openFilters(node, seen, add)
	if d.absent && known && !seen.Brick.Exists {
		add("make the brick directory", "the brick directory "+d.spec.pathOf(node.Name)+" is missing", makeBrick(node.Name, d.spec))
	}
	switch {
	case outside:
	case !running:
		why := "glusterd is stopped"
		if seen.Daemon.Load == "masked" {
			why = "glusterd is masked"
		}
		add("start glusterd", why, startDaemon(node.Name, "start"))
	case !seen.Daemon.Enabled():
		add("enable glusterd", "glusterd does not start at boot", enableDaemon(node.Name))
	case seen.CLI != nil:
		add("restart glusterd", "glusterd does not answer: "+seen.CLI.Error(), startDaemon(node.Name, "restart"))
	case seen.UUID == "":
		add("give glusterd an identity", "glusterd has no identity", startDaemon(node.Name, "start"))
	}
	return lane
}

func (d *differ) names() []string { return names(d.spec.Nodes) }

func names(nodes []host.Node) []string {
	var all []string
	for _, node := range nodes {
		all = append(all, node.Name)
	}
	return all
}

// absentees says of each machine that is not among those present why.
func (d *differ) absentees(present []host.Node) []string {
	var evidence []string
	for _, node := range d.spec.Nodes {
		if slices.Contains(present, node) {
			continue
		}
		why := node.Name + " does not answer"
		for _, sick := range d.sick {
			if sick.node == node {
				why = node.Name + ": " + sick.why
			}
		}
		evidence = append(evidence, why)
	}
	return evidence
}

func unreachable(names []string) []string {
	var evidence []string
	for _, name := range names {
		evidence = append(evidence, name+" does not answer")
	}
	return evidence
}

// Notices says in a sentence each what the user should know and no plan changes.
func Notices(spec Spec, status Status) []string {
	d := newDiffer(spec, status)
	d.setAside()
	var notices []string
	for _, ill := range d.sick {
		if ill.refused != nil && !d.mounting(ill.node) {
			notices = append(notices, fmt.Sprintf("%s cannot serve its brick of volume %s: %s. %s", ill.node.Name, spec.Name, strings.Join(ill.refused.Evidence, "; "), ill.refused.Remedy))
		}
	}
	if d.exists {
		notices = append(notices, d.connectionNotices()...)
	}
	notices = append(append(notices, status.Healing(spec.Name)...), d.optionNotices()...)
	return append(notices, d.filterNotices()...)
}

func writeFile(node string, file host.File) act {
	return func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, file) }
}

func run(node, what string, command shell.Command) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if _, err := hosts[node].Run(ctx, command); err != nil {
			return fmt.Errorf("cannot %s on %s: %w", what, node, err)
		}
		return nil
	}
}

func sentence(one, many string, items []string) string {
	format := many
	if len(items) == 1 {
		format = one
	}
	return fmt.Sprintf(format, joinWords(items))
}

func joinWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return fmt.Sprintf("%s and %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
}

// Cluster is a volume on its machines.
type Cluster = tier.Cluster[Status, host.Hosts]

// Open returns the volume of a spec. It contacts no machine.
func Open(hosts host.Hosts, spec Spec) *Cluster {
	views := hosts.Views()
	return tier.New(tier.Definition[Status, host.Hosts]{
		Target:           hosts,
		Observe:          func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable:      Status.errors,
		Absent:           func(seen Status) bool { return seen.absent(spec) },
		Diff:             func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:           func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:           func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe) },
		Notices:          func(seen Status) []string { return Notices(spec, seen) },
		RefusalIsNoDrift: true,
	})
}

// errors returns the machines that did not answer, and why.
func (s Status) errors() map[string]error {
	errs := map[string]error{}
	for _, name := range s.Unreachable() {
		errs[name] = s.Nodes[name].Err
	}
	return errs
}

// absent reports that no machine knows the volume.
func (s Status) absent(spec Spec) bool {
	for _, node := range s.Nodes {
		if node.Marker != nil || node.Defined {
			return false
		}
	}
	_, found := s.Volume(spec.Name)
	return !found
}
