package webtier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func askOS(s Spec, _ string) tier.Questions { return s.OS.Ask() }

func readOS(s Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.System = s.OS.Read(answers)
}

// refuseShared refuses machines that are nodes of another tier, too.
func refuseShared(d *draft) error {
	for _, m := range d.machines {
		if due := d.osDue(m); !due.Disruptive {
			continue
		}
		if err := d.spec.OS.RefuseShared(m.node.Name, markerKind, m.seen.System); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) osDue(m *machine) tier.DueOS {
	maintenance := m.seen.Maintenance
	if maintenance == "" {
		maintenance = d.spec.Maintenance[m.node.Name]
	}
	return d.spec.OS.Due(m.seen.System, maintenance, serverUnits(m.seen.PHP)...)
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

func osNotices(s Spec, status Status) []string {
	systems, maintenance := status.systems()
	return s.OS.Notices(systems, maintenance)
}
