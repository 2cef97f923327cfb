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
// unless a change of ours, or an installation that broke off, has brought it there.
func planOS(d *draft, m *machine) {
	due := d.osDue(m)
	sick := m.seen.hasServed(d.spec) && !m.seen.Serving() && !m.seen.leftover() && len(m.seen.System.Unfinished) == 0
	if !due.Any() || due.Disruptive && sick {
		return
	}
	fetch := d.spec.OS.Fetch(due)
	if !due.Disruptive {
		m.add(part{title: fetch.Title, reasons: due.Reasons, do: fetch.Do})
		return
	}
	update := d.spec.OS.Update(due, serverUnits(m.seen.PHP))
	m.ahead = append(m.ahead, part{title: fetch.Title, do: fetch.Do})
	m.add(part{title: update.Title, reasons: due.Reasons, disruptive: true, whole: func(ctx context.Context, target Target) error {
		if err := tier.RefuseHomeless(ctx, target.Hosts, m.node.Name); err != nil {
			return err
		}
		return update.Do(ctx, target.Hosts[m.node.Name])
	}})
}

func osNotices(s Spec, status Status) []string {
	systems, maintenance := status.systems()
	return s.OS.Notices(systems, maintenance)
}
