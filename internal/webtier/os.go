package webtier

import (
	"cmp"
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
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
	return d.spec.OS.Due(m.seen.System, cmp.Or(m.seen.Maintenance, d.spec.Maintenance[m.node.Name]), serverUnits(m.seen.PHP)...)
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
	name, fetch, update := m.node.Name, d.spec.OS.Fetch(due), d.spec.OS.Update(due, serverUnits(m.seen.PHP))
	if !m.seen.leftover() {
		m.ahead = append(m.ahead, part{title: fetch.Title, whole: func(ctx context.Context, target Target) error {
			if err := fetch.Do(ctx, target.Hosts[name]); err != nil {
				return err
			}
			return tier.RefuseHomeless(ctx, target.Hosts, name)
		}})
	}
	m.add(part{title: update.Title, reasons: due.Reasons, disruptive: true, reverts: true, whole: func(ctx context.Context, target Target) error {
		if err := giveAway(ctx, d.spec, target, name); err != nil {
			return err
		}
		return update.Do(ctx, target.Hosts[name])
	}})
}

// giveAway has a drained machine give away the floating addresses that it still has: the
// checks of some do not ask for the site's health. [undrain] ends it, and so does a boot.
func giveAway(ctx context.Context, s Spec, target Target, name string) error {
	if err := tier.RefuseHomeless(ctx, target.Hosts, name); err != nil {
		return err
	}
	return tier.Drain(ctx, target.Hosts[name], s.addressMark())
}
