package tier

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// OS is how the systems of a tier's machines are kept up to date. Each machine is updated
// and rebooted while it is drained, as part of the tier's own roll: see [OS.Due] for what
// is planned and [OS.Fetch] and [OS.Work] for what is done.
type OS struct {
	// Updates are those that are installed; empty for none.
	Updates host.UpdateKind
	// Reboot says that a machine is rebooted that requires it. Otherwise that is only
	// told.
	Reboot bool
}

// Values of the attribute reboot.
const (
	RebootIfRequired = "if-required"
	RebootNever      = "never"
)

// systemPart is the name of the question for the system.
const systemPart = "system"

// Ask returns the question for the system of a machine. Where nothing is declared it asks
// nothing, because the answer takes a machine half a second.
func (o OS) Ask() Questions {
	if !o.declared() {
		return Questions{}
	}
	return Questions{Parts: []shell.Part{host.AskSystem(systemPart)}}
}

// Read reads the answer to [OS.Ask].
func (o OS) Read(answers Answers) host.System {
	if answer, asked := answers.Parts[systemPart]; asked && o.declared() {
		return host.ParseSystem(answer)
	}
	return host.System{}
}

func (o OS) declared() bool { return o != OS{} }

// Unasked returns the machines of which it is not known what is due, because nothing was
// declared when they were looked at.
func (o OS) Unasked(systems map[string]host.System) []string {
	if !o.declared() {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(systems)), func(node string) bool { return systems[node].Asked })
}

// DueOS is what is due of the system of one machine. The zero value is nothing.
type DueOS struct {
	// Reasons are why, as sentences.
	Reasons []string
	// Disruptive says that the machine has to be drained: without it, only the lists of
	// packages are refreshed.
	Disruptive bool
}

// Any reports whether anything is due.
func (d DueOS) Any() bool { return len(d.Reasons) > 0 }

// Why returns all reasons in one sentence.
func (d DueOS) Why() string { return strings.Join(d.Reasons, "; ") }

// mostListsAge is how old lists of packages may be. Debian's own timer refreshes them every
// day where unattended upgrades are configured, and never otherwise.
const mostListsAge = 7 * 24 * time.Hour

// Due returns what is due of the system of a machine that runs the units of the tier.
// Nothing is due on a machine in maintenance: an operator works on it.
func (o OS) Due(seen host.System, maintenance Maintenance, units ...string) DueOS {
	var due DueOS
	if !o.declared() || !seen.Asked || maintenance != "" {
		return due
	}
	disrupts := func(why string) {
		due.Reasons, due.Disruptive = append(due.Reasons, why), true
	}
	if o.Updates != "" {
		if len(seen.Unfinished) > 0 {
			disrupts("the installation of " + listedFew(seen.Unfinished) + " broke off")
		}
		if wanted := o.wanted(seen); len(wanted) > 0 {
			disrupts(o.whyUpdates(wanted))
		}
	}
	switch why := seen.WhyReboot(); {
	case o.Reboot && why != "":
		disrupts("it requires a reboot: " + why)
	default:
		if stale := staleOf(seen, units); len(stale) > 0 {
			disrupts(strings.Join(stale, ", ") + " runs with files that an update has replaced")
		}
	}
	switch {
	case o.Updates == "":
	case seen.NoLists:
		due.Reasons = append(due.Reasons, "it has no lists of packages; updates are installed in the same apply")
	case seen.ListsAge > mostListsAge:
		due.Reasons = append(due.Reasons, fmt.Sprintf("its lists of packages are %d days old; updates that they lack are installed in the same apply", int(seen.ListsAge.Hours()/24)))
	}
	return due
}

// Brings returns the version of a package that an update of the system installs; empty for
// none.
func (o OS) Brings(seen host.System, name string) string {
	for _, update := range seen.Updates {
		if update.Package == name && o.installs(seen, update) {
			return update.Version
		}
	}
	return ""
}

// Major returns the major release of a version of a package, or of a release; empty where
// there is none.
func Major(version string) string {
	if _, rest, found := strings.Cut(version, ":"); found {
		version = rest // without the epoch (deb-version(7))
	}
	return version[:len(version)-len(strings.TrimLeft(version, "0123456789"))]
}

// wanted returns the updates to install.
func (o OS) wanted(seen host.System) []string {
	var names []string
	for _, update := range seen.Updates {
		if o.installs(seen, update) {
			names = append(names, update.Package+" "+update.Version)
		}
	}
	return names
}

// installs reports whether an update is one to install. What somebody else holds is none.
func (o OS) installs(seen host.System, update host.Update) bool {
	return (update.Security && o.Updates != "" || o.Updates == host.UpdatesAll) && !slices.Contains(seen.Held, update.Package)
}

func (o OS) whyUpdates(wanted []string) string {
	kind := "update"
	if o.Updates == host.UpdatesSecurity {
		kind = "security update"
	}
	if len(wanted) == 1 {
		return fmt.Sprintf("1 %s is due: %s", kind, wanted[0])
	}
	return fmt.Sprintf("%s are due: %s", plural(len(wanted), kind), listedFew(wanted))
}

// listedFew names the first few.
func listedFew(names []string) string {
	const most = 5
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// staleOf returns those of the units that run with replaced files.
func staleOf(seen host.System, units []string) []string {
	var stale []string
	for _, unit := range units {
		if name := strings.TrimSuffix(unit, ".service"); slices.Contains(seen.Stale, name) {
			stale = append(stale, name)
		}
	}
	return stale
}

// Fetch returns the work that comes before a machine is drained: it waits for a reboot that
// is under way, refreshes the lists of packages and fetches the updates, so that the machine
// stays in service where an archive does not answer or no room is left. Its reason is for a
// machine on which nothing else is due; the others have it in their next work.
func (o OS) Fetch(due DueOS) Work {
	work := Work{Title: "fetch updates", Do: func(ctx context.Context, machine *host.Host) error {
		if err := AwaitReboot(ctx, machine); err != nil {
			return err
		}
		if o.Updates == "" {
			return nil
		}
		return machine.FetchUpdates(ctx, o.Updates)
	}}
	if !due.Disruptive {
		work.Title, work.Why = "refresh the lists of packages", due.Why()
	}
	return work
}

// Update returns the work on a drained machine: it installs the updates while the units in
// hold are stopped and kept from starting, and reboots the machine where that is declared
// and it is required then. A machine that is not rebooted gets those of the tier's units
// restarted that run with replaced files. The units in hold are not started: the tier does
// that, or the reboot. It is safe to repeat.
func (o OS) Update(due DueOS, units []string, hold ...string) Work {
	return Work{Title: o.title(), Why: due.Why(), Do: func(ctx context.Context, machine *host.Host) error {
		if o.Updates != "" {
			if err := machine.InstallUpdates(ctx, o.Updates, hold...); err != nil {
				return err
			}
		}
		seen, err := o.Look(ctx, machine)
		if err != nil {
			return err
		}
		if o.Reboot && seen.WhyReboot() != "" {
			return Reboot(ctx, machine, seen)
		}
		stale := slices.DeleteFunc(staleOf(seen, units), func(name string) bool { return slices.Contains(hold, name+".service") })
		if len(stale) == 0 {
			return nil
		}
		return machine.RestartUnit(ctx, stale...)
	}}
}

// Finish returns the work on a machine on which an installation broke off: it finishes that,
// while the units in hold are kept from starting, and neither installs updates nor reboots.
func (o OS) Finish(seen host.System, hold ...string) Work {
	return Work{Title: "finish the installation of packages", Why: "the installation of " + listedFew(seen.Unfinished) + " broke off",
		Do: func(ctx context.Context, machine *host.Host) error {
			return machine.InstallUpdates(ctx, host.UpdatesNone, hold...)
		}}
}

func (o OS) title() string {
	switch {
	case o.Updates != "" && o.Reboot:
		return "install updates, and reboot if they require it"
	case o.Updates != "":
		return "install updates"
	}
	return "reboot"
}

// Look asks a machine for its system, as it is now.
func (o OS) Look(ctx context.Context, machine *host.Host) (host.System, error) {
	answers, err := machine.Ask(ctx, host.AskSystem(systemPart))
	if err != nil {
		return host.System{}, fmt.Errorf("cannot look at the system of %s: %w", machine.Name(), err)
	}
	return host.ParseSystem(answers[systemPart]), nil
}

// RefuseShared refuses what takes a machine out of service that is also a node of another
// tier: that one's node would go out of service without having been drained. A floating IP is
// no such tier, because every tier has its machines give their addresses away first. Kind is
// that of the tier which asks.
func (d DueOS) RefuseShared(node, kind string, seen host.System) error {
	if !d.Disruptive {
		return nil
	}
	for _, marker := range seen.Markers {
		if strings.HasPrefix(marker, kind+"-") || strings.HasPrefix(marker, floatingKind) {
			continue
		}
		return &reconcile.RefusedError{
			What: "update and reboot the machine of two tiers", Node: node, Path: []string{"os"},
			Evidence: []string{"it belongs to " + marker + ", too, which is not drained by this resource"},
			Remedy:   "Declare os where the machine's data or visitors are, or not at all where it has those of several tiers.",
		}
	}
	return nil
}

// floatingKind is how markers of floating IPs begin.
const floatingKind = "floating-ip-"

// Notices say what a user should know of the systems and no plan changes.
func (o OS) Notices(systems map[string]host.System, maintenance map[string]Maintenance) []string {
	if !o.declared() {
		return nil
	}
	var notices []string
	for _, node := range slices.Sorted(maps.Keys(systems)) {
		seen := systems[node]
		if !seen.Asked {
			continue
		}
		for _, notice := range o.noticesOf(seen, maintenance[node]) {
			notices = append(notices, node+": "+notice)
		}
	}
	return notices
}

func (o OS) noticesOf(seen host.System, maintenance Maintenance) []string {
	var notices []string
	say := func(format string, args ...any) { notices = append(notices, fmt.Sprintf(format, args...)) }
	if maintenance != "" {
		if due := o.Due(seen, ""); due.Disruptive {
			say("what is due waits until the node is back in service: %s", due.Why())
		}
		return notices
	}
	if o.Updates != "" && seen.Fault != "" {
		say("apt cannot say which updates are due: %s", seen.Fault)
	}
	if held := o.held(seen); len(held) > 0 {
		say("updates of packages on hold are not installed: %s", listedFew(held))
	}
	if o.Updates != "" && len(seen.Kept) > 0 {
		say("updates that apt keeps back, because another package would have to go or one that they need is not in the archives, are not installed: %s", listedFew(seen.Kept))
	}
	if why := seen.WhyReboot(); !o.Reboot && why != "" {
		say("it requires a reboot, which os.reboot does not allow: %s", why)
	}
	if vain := seen.RebootedInVain(); vain != "" {
		say("%s; its boot loader starts another kernel", vain)
	}
	return notices
}

// held returns the updates that are due of packages that somebody else holds.
func (o OS) held(seen host.System) []string {
	var names []string
	for _, update := range seen.Updates {
		if (update.Security || o.Updates == host.UpdatesAll) && o.Updates != "" && slices.Contains(seen.Held, update.Package) {
			names = append(names, update.Package)
		}
	}
	return names
}
