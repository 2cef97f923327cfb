package webtier

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func askOS(s Spec, _ string) tier.Questions { return s.OS.Ask() }

func readOS(s Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.System = s.OS.Read(answers)
}

// refuseShared refuses machines that are nodes of another tier, too.
func refuseShared(d *draft) error {
	for _, m := range d.machines {
		if err := d.osDue(m).RefuseShared(m.node.Name, markerKind, m.seen.System); err != nil {
			return err
		}
	}
	return nil
}

// osDue is what is due of the system of a machine.
func (d *draft) osDue(m *machine) tier.DueOS {
	return d.spec.OS.Due(m.seen.System, cmp.Or(m.seen.Maintenance, d.spec.Maintenance[m.node.Name]), d.spec.watchedUnits(m.seen.PHP)...)
}

// systems are those of the machines, by node.
func (s Status) systems() map[string]host.System {
	systems := map[string]host.System{}
	for name, node := range s.Nodes {
		systems[name] = node.System
	}
	return systems
}

// serverUnits are the units that are restarted where they run with replaced files.
func serverUnits(php string) []string {
	if php == "" {
		return []string{apacheUnit}
	}
	return []string{apacheUnit, fpmUnit(php)}
}

// watchedUnits are those and the mount, whose client is a process as well.
func (s Spec) watchedUnits(php string) []string {
	if s.Mount == nil {
		return serverUnits(php)
	}
	return append(serverUnits(php), mountUnit(s.MountPoint))
}

// planOS updates and reboots the machine. One that does not serve is repaired before,
// unless an installation that broke off has brought it there. One that a change of ours has
// left out of service is put back first, with no archive asked.
func planOS(d *draft, m *machine) {
	due, broken := d.osDue(m), len(m.seen.System.Unfinished) > 0
	if m.seen.leftover() && m.seen.System.Asked {
		m.ahead = append(m.ahead, part{title: "see that it is not rebooting", do: tier.AwaitReboot})
	}
	sick := m.seen.hasServed(d.spec) && !m.seen.Serving()
	if !due.Disruptive || !broken && (sick || m.seen.leftover()) {
		return
	}
	permitted := d.permitted()
	if err := refuseNewClient(d.spec, m.node.Name, m.seen, permitted); err != nil {
		d.refuse(err)
		if broken {
			finish := d.spec.OS.Finish(m.seen.System)
			m.add(part{title: finish.Title, reasons: []string{finish.Why}, disruptive: true, reverts: true, do: finish.Do})
		}
		return
	}
	name, fetch, update := m.node.Name, d.spec.OS.Fetch(due), d.spec.OS.Update(due, serverUnits(m.seen.PHP))
	if !m.seen.leftover() {
		m.ahead = append(m.ahead, part{title: fetch.Title, whole: func(ctx context.Context, target Target) error {
			if err := fetch.Do(ctx, target.Hosts[name]); err != nil {
				return err
			}
			if err := stillPermitted(d.spec, m.seen, permitted)(ctx, target.Hosts[name]); err != nil {
				return err
			}
			return tier.RefuseHomeless(ctx, target.Hosts, name)
		}})
	}
	m.add(part{title: update.Title, reasons: due.Reasons, disruptive: true, reverts: true, whole: func(ctx context.Context, target Target) error {
		if err := giveAway(ctx, d.spec, target, name); err != nil {
			return err
		}
		return inOrder(stillPermitted(d.spec, m.seen, permitted), inOrder(update.Do, remountStale(d.spec)))(ctx, target.Hosts[name])
	}})
}

// permitted are the major releases of the mount's client that updates may bring: those with
// which a machine of the tier serves. A machine does not know the release of the file
// servers, and whoever gives one machine a newer client has seen that it mounts the volume.
func (d *draft) permitted() []string {
	if d.spec.Mount == nil {
		return nil
	}
	var majors []string
	for _, seen := range d.status.Nodes {
		if version := seen.Packages[mountTypes[d.spec.Mount.Type].client]; version != "" && seen.Serving() {
			majors = append(majors, tier.Major(version))
		}
	}
	return majors
}

// refuseNewClient refuses updates of a system that bring a major release of the mount's client
// with which no machine of the tier serves: the file servers are to have it first.
func refuseNewClient(s Spec, node string, seen NodeStatus, permitted []string) error {
	if s.Mount == nil {
		return nil
	}
	client := mountTypes[s.Mount.Type].client
	has, brings := seen.Packages[client], s.OS.Brings(seen.System, client)
	if has == "" || brings == "" || tier.Major(brings) == tier.Major(has) || slices.Contains(permitted, tier.Major(brings)) {
		return nil
	}
	return &reconcile.RefusedError{
		What: "take another major release of " + client + " for an update of the system", Node: node, Path: tier.At("os"),
		Evidence: []string{
			fmt.Sprintf("it has %s, and the update that its archives offer is %s", has, brings),
			"no node of the tier serves with that release, and a web server cannot tell whether the file servers have it",
		},
		Remedy: fmt.Sprintf("Update the file servers first. Then set maintenance = \"stopped\" on one node, install its updates by hand and reboot it, and remove maintenance: once it serves, os updates the others. Or take the archive of release %s out of the machine's package sources.", tier.Major(brings)),
	}
}

// stillPermitted refuses updates that refreshed lists of packages have brought since a machine
// was seen.
func stillPermitted(s Spec, seen NodeStatus, permitted []string) action {
	return func(ctx context.Context, h *host.Host) error {
		if s.Mount == nil || s.OS.Updates == "" {
			return nil
		}
		var err error
		if seen.System, err = s.OS.Look(ctx, h); err != nil {
			return err
		}
		return refuseNewClient(s, h.Name(), seen, permitted)
	}
}

// remountStale mounts the volume again where its client runs with files that an update has
// replaced, while Apache and PHP-FPM are stopped. After a reboot it does not. One that cannot
// be taken away serves as before, and is no reason to keep the machine out of service.
func remountStale(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		if s.Mount == nil {
			return nil
		}
		seen, err := s.OS.Look(ctx, h)
		if err != nil || !slices.Contains(seen.Stale, mountUnit(s.MountPoint)) {
			return err
		}
		return startMount(s, true)(ctx, h)
	}
}

// giveAway has a drained machine give away the floating addresses that it still has: the
// checks of some do not ask for the site's health. [undrain] ends it, and so does a boot.
func giveAway(ctx context.Context, s Spec, target Target, name string) error {
	if err := tier.RefuseHomeless(ctx, target.Hosts, name); err != nil {
		return err
	}
	return tier.Drain(ctx, target.Hosts[name], s.addressMark())
}
