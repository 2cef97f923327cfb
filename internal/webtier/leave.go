package webtier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// A machine leaves after those that join serve: its visitors go first, then its servers
// stop, and then the mount and our configuration go. Files on its own disk stay. The
// balancer's backend is another resource's; it is left in a mode in which nobody is sent
// to it.

// followed returns the spec with the addresses by which a balancer knows the machines that
// leave, which were nodes of the prior spec.
func (s Spec) followed(prior Spec) Spec {
	backends := maps.Clone(s.Backends)
	for _, leaving := range s.Leaving {
		for _, node := range prior.Nodes {
			if address, given := prior.Backends[node.Name]; given && (node.Name == leaving.Name || tier.FormerName(node.Name) == leaving.Name) {
				if backends == nil {
					backends = map[string]string{}
				}
				backends[leaving.Name] = address
			}
		}
	}
	s.Backends = backends
	return s
}

// leaving returns the machines that are to leave, answered, and are part of the tier.
func (d *draft) leaving() []host.Node { return d.spec.leavingOf(d.status) }

func (s Spec) leavingOf(status Status) []host.Node {
	return slices.DeleteFunc(slices.Clone(s.Leaving), func(node host.Node) bool { return !belongs(s, status, node.Name) })
}

// remaining is how many machines that stay must serve when one leaves: half of them.
func (s Spec) remaining() int { return (len(s.Nodes) + 1) / 2 }

// outlook is how many machines would serve the visitors of one that leaves.
type outlook struct {
	// serving do now, soon are well and the balancer is about to see it, and unknown
	// are well and the balancer does not have them yet.
	serving, soon, unknown int
	evidence               []string
}

// foresee tells what a machine's leaving would leave, by what was seen of those that stay
// and what the balancer says of them.
func (s Spec) foresee(node host.Node, seen func(name string) (serves bool, why string), balanced map[string]BackendState) outlook {
	var look outlook
	// A balancer that does not know this machine sends it nobody.
	_, asked := balanced[s.backend(node)]
	for _, other := range s.Nodes {
		serves, why := seen(other.Name)
		state, known := balanced[s.backend(other)]
		note := func(format string, args ...any) {
			look.evidence = append(look.evidence, other.Name+": "+fmt.Sprintf(format, args...))
		}
		switch {
		case !serves:
			note("%s", why)
		case !asked:
			look.serving++
		case !known:
			look.unknown++
			note("the balancer does not know %s", s.backend(other))
		case state.Mode == "reject" || state.Mode == "drain":
			note("the balancer has it as %s in mode %s", state.Status, state.Mode)
		case state.Status == "DOWN":
			look.soon++
			note("the balancer has it as DOWN in mode %s", state.Mode)
		default:
			look.serving++
		}
	}
	look.evidence = append([]string{fmt.Sprintf("%d of the nodes that stay serve, %d must", look.serving, s.remaining())}, look.evidence...)
	return look
}

// foreseen is [Spec.foresee] by the last observation.
func (s Spec) foreseen(node host.Node, status Status) outlook {
	return s.foresee(node, func(name string) (bool, string) {
		switch seen := status.Nodes[name]; {
		case seen.Err != nil:
			return false, seen.Err.Error()
		case !seen.Serving():
			return false, "it does not serve"
		}
		return true, ""
	}, status.Balanced)
}

// needed reports whether a machine has to go on until the balancer knows those that take
// its place. What comes after the tier in an apply tells the balancer of them.
func (s Spec) needed(node host.Node, status Status) bool {
	look := s.foreseen(node, status)
	return status.Nodes[node.Name].Serving() && look.serving+look.soon < s.remaining() && look.serving+look.soon+look.unknown >= s.remaining()
}

func (s Spec) refusedToLeave(node string, evidence []string) error {
	return &reconcile.RefusedError{
		What: "let a machine leave web tier " + s.Name, Node: node, Evidence: evidence,
		Remedy: "Repair the nodes that stay first, or keep this one.",
	}
}

// planLeave lets machines go, one after the other, once there is nothing else to do.
func planLeave(d *draft) error {
	if !d.plan.Empty() {
		return nil
	}
	if d.status.BalancedErr != nil {
		return fmt.Errorf("cannot ask the balancer for its backends: %w", d.status.BalancedErr)
	}
	for _, node := range d.leaving() {
		seen := d.status.Nodes[node.Name]
		look := d.spec.foreseen(node, d.status)
		switch {
		case d.spec.needed(node, d.status):
			continue
		case seen.Serving() && look.serving+look.soon < d.spec.remaining():
			return d.spec.refusedToLeave(node.Name, look.evidence)
		}
		why := "it is to leave web tier " + d.spec.Name
		d.plan.Serial("leave "+node.Name,
			Step{Node: node.Name, Title: "send visitors elsewhere", Why: why, Effect: reconcile.Leaves, Do: sendElsewhere(d.spec, node)},
			step(node.Name, "stop serving", "", stopServing(d.spec, seen)),
			step(node.Name, "remove the configuration", "", removeConfiguration(d.spec, node, seen, false)))
	}
	return nil
}

// sendElsewhere has no visitor come to a machine any more and waits until those that are
// there have left. It looks again who serves, because minutes can lie between the plan and
// this step. One whose servers do not run is not waited for.
func sendElsewhere(s Spec, node host.Node) func(context.Context, Target) error {
	return func(ctx context.Context, target Target) error {
		h := target.Hosts[node.Name]
		code, err := healthOf(ctx, h.View, s)
		if err != nil {
			return err
		}
		if code == "200" {
			if err := enoughRemain(ctx, s, node, target); err != nil {
				return err
			}
		}
		before, known, err := drainLeaving(ctx, s, node, target)
		if err != nil || code == "000" {
			return err
		}
		if err := untilVisitorsHaveLeft(ctx, s, node, target, before); err != nil || !known {
			return err
		}
		return rejectSticky(ctx, s, node, target.Balancer)
	}
}

// drainLeaving keeps visitors away from a machine, and notes that, for the case that the
// machine is declared again before it has left. It returns what the balancer says of it, if it knows it.
func drainLeaving(ctx context.Context, s Spec, node host.Node, target Target) (now BackendState, known bool, err error) {
	h, address := target.Hosts[node.Name], s.backend(node)
	if target.Balancer != nil {
		state, err := target.Balancer.State(ctx)
		if err != nil {
			return now, false, fmt.Errorf("cannot drain %s: %w", node.Name, err)
		}
		now, known = state[address]
	}
	note, err := h.ReadFile(ctx, s.rollingFile())
	if err != nil {
		return now, false, err
	}
	if note == nil {
		note = []byte(drainMark + "\n")
		if known && now.Mode != "accept" {
			note = append(note, operatorsMode+"\n"...)
		}
		if err := h.WriteFile(ctx, host.File{Path: s.rollingFile(), Content: note, Mode: "0644"}); err != nil {
			return now, false, err
		}
	}
	if known && now.Mode != "reject" {
		if err := target.Balancer.Drain(ctx, address); err != nil {
			return now, false, fmt.Errorf("cannot drain %s: %w", node.Name, err)
		}
	}
	return now, known, run(ctx, h, "drain", shell.Script(drainScript, drainFile, drainMark))
}

// rejectSticky is for a balancer whose checks do not see that a machine is drained: it goes
// on sending it visitors who were there before.
func rejectSticky(ctx context.Context, s Spec, node host.Node, balancer Balancer) error {
	address := s.backend(node)
	state, err := balancer.State(ctx)
	if err != nil {
		return fmt.Errorf("cannot drain %s: %w", node.Name, err)
	}
	if state[address].Status != "UP" || state[address].Mode == "reject" {
		return nil
	}
	if err := balancer.Reject(ctx, address); err != nil {
		return fmt.Errorf("cannot drain %s: %w", node.Name, err)
	}
	return wait(ctx, time.Duration(*s.DrainSeconds)*time.Second)
}

// enoughRemain returns once enough of those that stay serve. A balancer takes some checks
// until it believes a machine that has just joined; that is waited for, and nothing else.
func enoughRemain(ctx context.Context, s Spec, node host.Node, target Target) error {
	var refusal error
	err := reconcile.WaitAtMost(ctx, upLimit, "the balancer to see the nodes that stay", time.Second, func(ctx context.Context) (string, error) {
		look, err := lookAtRemaining(ctx, s, node, target)
		if err != nil {
			return "", reconcile.Stop(err)
		}
		refusal = s.refusedToLeave(node.Name, look.evidence)
		switch {
		case look.serving >= s.remaining():
			return "", nil
		case look.serving+look.soon < s.remaining():
			return "", reconcile.Stop(refusal)
		}
		return strings.Join(look.evidence, "; "), nil
	})
	var late *reconcile.WaitError
	if errors.As(err, &late) && ctx.Err() == nil {
		return refusal
	}
	return err
}

// lookAtRemaining asks the machines that stay, and the balancer what it sees of them.
func lookAtRemaining(ctx context.Context, s Spec, node host.Node, target Target) (outlook, error) {
	views := host.Views{}
	for _, other := range s.Nodes {
		if h, found := target.Hosts[other.Name]; found {
			views[other.Name] = h.View
		}
	}
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (shell.Result, error) {
		return view.Query(ctx, healthQuestion(s))
	})
	var balanced map[string]BackendState
	if target.Balancer != nil {
		var err error
		if balanced, err = target.Balancer.State(ctx); err != nil {
			return outlook{}, err
		}
	}
	return s.foresee(node, func(name string) (bool, string) {
		one := seen[name]
		if one.Err != nil {
			return false, one.Err.Error()
		}
		code := string(one.Value.Stdout)
		return code == "200", s.HealthPath + " answers " + code
	}, balanced), nil
}

// leftInService says of machines that leave and go on serving why they do.
func (s Spec) leftInService(status Status) []string {
	var notices []string
	for _, node := range s.leavingOf(status) {
		if s.needed(node, status) {
			notices = append(notices, fmt.Sprintf("%s leaves web tier %s and its servers go on, because the balancer does not know enough of the nodes that stay: %s. "+
				"End the machine once the balancer has those, and not before.", node.Name, s.Name, strings.Join(s.foreseen(node, status).evidence, "; ")))
		}
	}
	return notices
}

// askBalancer adds what the balancer says while machines are to leave.
func (s *Status) askBalancer(ctx context.Context, spec Spec, balancer Balancer) {
	if balancer != nil && len(spec.Leaving) > 0 {
		s.Balanced, s.BalancedErr = balancer.State(ctx)
	}
}

// stillLeft returns those of the balancer's former addresses that it is to let go of at the
// end: not of machines that have left by then.
func (s Spec) stillLeft(left []string, status Status) []string {
	return slices.DeleteFunc(slices.Clone(left), func(address string) bool {
		return slices.ContainsFunc(s.Leaving, func(node host.Node) bool {
			seen, found := status.Nodes[node.Name]
			return s.backend(node) == address && found && seen.Reachable() && !belongs(s, status, node.Name)
		})
	})
}
