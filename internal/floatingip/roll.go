package floatingip

import (
	"context"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// planRoll lets Keepalived load what is declared: at once where nothing holds the
// address yet; what all machines have to agree on at once, see [agreement];
// anything else on one machine after the other, those that join last.
func planRoll(d *draft) error {
	var rolling, regrouped []change
	agreed := agreement{spec: d.spec}
	var refused []error
	for _, node := range d.told() {
		c := d.change(node)
		due := d.osDue(node)
		if evidence := d.notNow(node.Name); due.Disruptive && evidence != nil {
			refused = append(refused, refusedToUpdate(d.spec, node.Name, evidence))
		} else if due.Disruptive && !d.joins(node) {
			if c.verb < keep || c.instance && c.verb == reload {
				rolling = append(rolling, change{node: node, system: due})
			}
			c.system = due
		}
		switch {
		case c.verb == nothing:
		case d.untouched():
			d.prepare.On(node.Name, c.step())
		case d.joins(node):
			rolling = append(rolling, c)
		case c.instance && c.verb == reload && d.onlyRegroups(c):
			regrouped = append(regrouped, c)
		case c.instance && c.verb == reload:
			agreed.add(c, d.isHolder(node.Name))
		default:
			rolling = append(rolling, c)
		}
	}
	d.agree(&agreed)
	d.regroup.InOrder(d.regroupSteps(regrouped)...)
	d.roll.InOrder(d.rollingSteps(rolling)...)
	// What is planned may cure it.
	if len(refused) > 0 && d.stages.Plan().Empty() {
		return refused[0]
	}
	return nil
}

// untouched reports that there is no holder to spare: no machine holds the
// address or runs Keepalived.
func (d *draft) untouched() bool {
	running := d.status.names(func(m Machine) bool { return m.Unit.Running() })
	return len(d.status.Holders) == 0 && len(running) == 0 && len(d.away()) == 0
}

func (d *draft) isHolder(node string) bool { return slices.Contains(d.status.Holders, node) }

// rollingSteps orders changes so that the holder comes last, and when the holder has
// to let go of the address, only once another machine can take it. Without a
// holder the highest priority comes first, so that it is the first to stand.
func (d *draft) rollingSteps(changes []change) []Step {
	slices.SortStableFunc(changes, func(a, b change) int {
		aHolds, bHolds := d.isHolder(a.node.Name), d.isHolder(b.node.Name)
		aJoins, bJoins := d.joins(a.node), d.joins(b.node)
		switch {
		case aJoins && !bJoins:
			return 1
		case bJoins && !aJoins:
			return -1
		case aHolds && !bHolds:
			return 1
		case bHolds && !aHolds:
			return -1
		}
		return d.spec.priority(b.node.Name) - d.spec.priority(a.node.Name)
	})
	var steps []Step
	for _, c := range changes {
		if d.joins(c.node) {
			steps = append(steps, c.step())
			continue
		}
		var own []Step
		if d.isHolder(c.node.Name) && (c.verb == restart || c.system.Disruptive) {
			if others := d.fit(c.node.Name); len(others) > 0 {
				own = append(own, successorStep(d.spec, others))
			}
		}
		if c.verb != nothing {
			own = append(own, c.step())
		}
		if c.system.Disruptive {
			own = append(own, d.osSteps(c.node, c.system)...)
		}
		steps = append(steps, tier.Rolled(c.node.Name, own...)...)
	}
	return steps
}

// successorStep waits until another machine stands ready to take the address.
func successorStep(spec Spec, others []string) Step {
	return Step{Title: "wait for a machine that can take over " + spec.ip(), Do: func(ctx context.Context, hosts host.Hosts) error {
		return awaitTaker(ctx, hosts, spec, others)
	}}
}

// awaitTaker waits until Keepalived stands ready on one of some machines.
func awaitTaker(ctx context.Context, hosts host.Hosts, spec Spec, others []string) error {
	return reconcile.WaitAtMost(ctx, spec.electionTime(), "a machine that can take over "+spec.ip(), pollInterval, func(ctx context.Context) (string, error) {
		reason := ""
		for _, name := range others {
			answers, err := hosts[name].Ask(ctx, askRolePart(spec))
			if err != nil {
				return "", err
			}
			if role := answers["role"].Out; role == "BACKUP" || role == "MASTER" {
				return "", nil
			}
			reason = "keepalived is neither backup nor master on " + strings.Join(others, ", ")
		}
		return reason, nil
	})
}
