package floatingip

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// planHolder removes addresses that Keepalived did not configure, and once every
// machine is as declared sees to it that there is one holder with all addresses.
func planHolder(d *draft) error {
	for _, name := range d.status.Holders {
		if why := d.strayReason(name); why != "" {
			d.strays.On(name, strayStep(name, d.spec, why))
		}
	}
	if d.stages.Plan().Empty() {
		d.settle.InOrder(d.settleSteps()...)
	}
	return nil
}

// strayReason says why the address on a machine was not given to it by Keepalived.
func (d *draft) strayReason(name string) string {
	machine := d.status.Machines[name]
	held := strings.Join(machine.held(d.spec.ips()), ", ")
	switch {
	case !machine.Ours(d.spec.Name):
	case !machine.Unit.Running():
		return fmt.Sprintf("%s is configured although keepalived does not run", held)
	case machine.Role == "BACKUP" || machine.Role == "FAULT":
		return fmt.Sprintf("%s is configured by hand: keepalived is %s", held, machine.Role)
	}
	return ""
}

var strayScript = shell.Embedded(scripts, "remove-stray")

func strayStep(node string, spec Spec, why string) Step {
	return run(node, "remove the address", why, shell.Script(strayScript, append([]string{spec.Name}, spec.ips()...)...))
}

// settleSteps are what is left once every machine is as wanted: one holder.
func (d *draft) settleSteps() []Step {
	holders := d.status.Holders
	if len(holders) > 1 {
		why := fmt.Sprintf("%s hold %s at the same time", strings.Join(holders, ", "), d.spec.ip())
		return []Step{settleStep(d.spec, nil, why)}
	}
	if len(holders) == 1 {
		if lacking := d.status.Machines[holders[0]].lacks(d.spec.ips()); len(lacking) > 0 {
			return []Step{completeStep(holders[0], lacking)}
		}
	}
	fit := d.fit("")
	// A machine that does not answer may well be the holder.
	if len(holders) == 1 || len(fit) == 0 || len(d.away()) > 0 {
		return d.leftoverChecks()
	}
	slices.SortStableFunc(fit, func(a, b string) int { return d.spec.priority(b) - d.spec.priority(a) })
	why := fmt.Sprintf("no machine holds %s although %s could", d.spec.ip(), strings.Join(slices.Sorted(slices.Values(fit)), ", "))
	return []Step{settleStep(d.spec, fit, why)}
}

// electionTime is how long machines that are fit need until one of them holds
// the address: their checks count as passed, three advertisements are missed.
func (s Spec) electionTime() time.Duration {
	seconds := s.Check.IntervalSeconds*s.Check.Rise + s.Check.TimeoutSeconds + s.advertisements(4) + 3
	return time.Duration(seconds) * time.Second
}

// settleStep waits for one holder. If none appears although there are machines
// that could be, their Keepalived is started anew: it then asks its check again.
func settleStep(spec Spec, fit []string, why string) Step {
	return Step{Title: "wait for one holder of " + spec.ip(), Why: why, Do: func(ctx context.Context, hosts host.Hosts) error {
		err := waitForHolder(ctx, hosts.Views(), spec, spec.electionTime(), 1)
		if err == nil || len(fit) == 0 {
			return err
		}
		if err := hosts[fit[0]].RestartUnit(ctx, unitName); err != nil {
			return err
		}
		return waitForHolder(ctx, hosts.Views(), spec, spec.electionTime(), 1)
	}}
}

// completeStep gives a holder what it lacks: Keepalived configures its addresses
// only when it becomes master. Another machine takes all of them meanwhile.
func completeStep(node string, lacking []string) Step {
	why := fmt.Sprintf("it holds the floating IP without %s", strings.Join(lacking, ", "))
	complete := step(node, "restart keepalived", why, func(ctx context.Context, h *host.Host) error {
		return h.RestartUnit(ctx, unitName)
	})
	complete.Effect = reconcile.Restarts
	return complete
}
