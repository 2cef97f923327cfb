package webtier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const (
	// drainFile makes the health endpoint answer 503 for as long as it exists.
	drainFile = "/run/terraform-ha/web-drain"
	// drainMark is what our own drain file says; any other content is an operator's.
	drainMark = "a change by terraform-provider-ha"
)

var drainedScript = shell.Embedded(scripts, "drained")

func askDrain(s Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("drain", drainedScript, drainFile, drainMark, s.rollingFile())}}
}

func readDrain(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	for _, line := range answers.Parts.Lines("drain") {
		words := fields(line, 2)
		switch words[0] {
		case "drained":
			seen.Drained = words[1]
		case "rolling":
			seen.Rolling = true
		}
	}
}

// orServeAsBefore puts a machine back in service when a change failed and it can serve as
// before: a mistake in the configuration, or an archive, must not cost capacity. One
// that did not serve before is not waited for, and neither is one that is away.
func orServeAsBefore(s Spec, node host.Node, before *before, change func(context.Context, Target) error) func(context.Context, Target) error {
	return func(ctx context.Context, target Target) error {
		err := change(ctx, target)
		if _, away := errors.AsType[*tier.RebootError](err); err == nil || ctx.Err() != nil || away {
			return err
		}
		back := returnToService(s, node)
		if !before.served {
			back = leaveUndrained(s, node)
		}
		failed := back(ctx, target)
		switch back, put := errors.AsType[*putBackError](failed); {
		case failed == nil:
			return err
		case put && back.err == nil:
			return fmt.Errorf("%w; and %w", err, failed)
		}
		return fmt.Errorf("%w; and it is still out of service: %w", err, failed)
	}
}

// leaveUndrained takes back what [drain] did to a machine that did not serve.
func leaveUndrained(s Spec, node host.Node) func(context.Context, Target) error {
	return func(ctx context.Context, target Target) error {
		h := target.Hosts[node.Name]
		if err := undrain(ctx, h, s); err != nil {
			return err
		}
		return endRoll(ctx, h, s)
	}
}

// endRoll forgets a change that is over, and what it has kept for the case that it fails.
func endRoll(ctx context.Context, h *host.Host, s Spec) error {
	return h.RemoveFile(ctx, s.previousFile(), s.rollingFile())
}

// before is what is known of a machine before its change.
type before struct {
	// served says that it served, also where it did so in another apply.
	served bool
	// begun says that another apply has begun with a change that did not finish.
	begun bool
}

var drainScript = shell.Embedded(scripts, "drain")

// drain takes a machine out of service, after looking again whether it serves and
// whether enough others do: minutes can lie between the plan and this step. One that
// does not serve is kept from beginning to while it is changed. What it was before is
// filled in.
func drain(s Spec, node host.Node, before *before) func(context.Context, Target) error {
	return func(ctx context.Context, target Target) error {
		h := target.Hosts[node.Name]
		code, err := healthOf(ctx, h.View, s)
		if err != nil {
			return err
		}
		serves := code == "200"
		if serves {
			if err := enoughOthers(ctx, s, node, target); err != nil {
				return err
			}
		}
		noted, err := noteRoll(ctx, s, node, target, serves)
		if err != nil {
			return err
		}
		before.served, before.begun = serves || noted.served, noted.begun
		if noted.ours && serves {
			if err := target.Balancer.Drain(ctx, s.backend(node)); err != nil {
				return fmt.Errorf("cannot drain %s: %w", node.Name, err)
			}
		}
		// Balancers that are not ours, and sticky visitors, go by the health check.
		if err := run(ctx, h, "drain", shell.Script(drainScript, drainFile, drainMark)); err != nil || !serves {
			return err
		}
		return untilVisitorsHaveLeft(ctx, s, node, target, noted.now)
	}
}

var undrainScript = shell.Embedded(scripts, "undrain")

// undrain ends what [drain] and [giveAway] began.
func undrain(ctx context.Context, h *host.Host, s Spec) error {
	return run(ctx, h, "end the draining", shell.Script(undrainScript, drainFile, drainMark, tier.DrainFile, s.addressMark()))
}

// addressMark marks a machine that a change has give its floating addresses away.
func (s Spec) addressMark() string { return tier.DrainMark(markerKind, s.Name) }

// operatorsMode is the line of the rolling file that says that the balancer's mode
// was not "accept" before the change, so that it has to stay as it is.
const operatorsMode = "the balancer's mode is an operator's"

// servedMark is the line that says that the machine served before the change.
const servedMark = "it served before"

// rollingFile says that a change took the machine out of service. It survives a
// reboot, unlike [drainFile].
func (s Spec) rollingFile() string {
	return path.Join(host.MarkerDirectory, markerKind+"-"+s.Name+".rolling")
}

// rollNote is what is known of a machine that a change takes out of service.
type rollNote struct {
	// now is what the balancer says of it.
	now BackendState
	// ours says that its mode at the balancer is the change's to set. One that an operator
	// has set is not.
	ours bool
	// served says that the machine served when the change began, and begun that this is
	// not the first apply of it.
	served, begun bool
}

// noteRoll writes down that a change takes the machine out of service. A note that is
// there already is of a change that did not finish.
func noteRoll(ctx context.Context, s Spec, node host.Node, target Target, serves bool) (noted rollNote, err error) {
	h := target.Hosts[node.Name]
	note, err := h.ReadFile(ctx, s.rollingFile())
	if err != nil {
		return noted, err
	}
	var known bool
	if target.Balancer != nil {
		state, err := target.Balancer.State(ctx)
		if err != nil {
			return noted, fmt.Errorf("cannot drain %s: %w", node.Name, err)
		}
		if refused := s.refuseStrangers(state, node); refused != nil {
			return noted, refused
		}
		noted.now, known = state[s.backend(node)]
	}
	noted.begun = note != nil
	if note == nil {
		note = []byte(drainMark + "\n")
		if known && noted.now.Mode != "accept" {
			note = append(note, operatorsMode+"\n"...)
		}
		if serves {
			note = append(note, servedMark+"\n"...)
		}
		if err := h.WriteFile(ctx, host.File{Path: s.rollingFile(), Content: note, Mode: "0644"}); err != nil {
			return noted, err
		}
	}
	noted.ours = known && !bytes.Contains(note, []byte(operatorsMode))
	noted.served = bytes.Contains(note, []byte(servedMark))
	return noted, nil
}

func wait(ctx context.Context, moment time.Duration) error {
	timer := time.NewTimer(moment)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// enoughOthers returns once enough others serve. A balancer takes some checks
// until it believes a machine that was just repaired; that is waited for, and
// nothing else is.
func enoughOthers(ctx context.Context, s Spec, node host.Node, target Target) error {
	if s.others() == 0 {
		return nil
	}
	var refusal error
	err := reconcile.WaitAtMost(ctx, upLimit, "the balancer to see the other nodes", time.Second, func(ctx context.Context) (string, error) {
		serving, soon, evidence, err := lookAtOthers(ctx, s, node, target)
		if err != nil {
			return "", reconcile.Stop(err)
		}
		refusal = refusedToDrain(s, node.Name, append([]string{fmt.Sprintf("%d of the other nodes serve, %d must", serving, s.others())}, evidence...))
		switch {
		case serving >= s.others():
			return "", nil
		case serving+soon < s.others():
			return "", reconcile.Stop(refusal)
		}
		return strings.Join(evidence, "; "), nil
	})
	var late *reconcile.WaitError
	if errors.As(err, &late) && ctx.Err() == nil {
		return refusal
	}
	return err
}

// lookAtOthers asks the other machines, and the balancer what it sees of them:
// how many serve, and how many are well and only the balancer has not seen it.
func lookAtOthers(ctx context.Context, s Spec, node host.Node, target Target) (serving, soon int, evidence []string, err error) {
	views := host.Views{}
	for _, other := range s.Nodes {
		if h, found := target.Hosts[other.Name]; found && other.Name != node.Name {
			views[other.Name] = h.View
		}
	}
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (shell.Result, error) {
		return view.Query(ctx, healthQuestion(s))
	})
	balanced := map[string]BackendState{}
	if target.Balancer != nil {
		if balanced, err = target.Balancer.State(ctx); err != nil {
			return 0, 0, nil, err
		}
	}
	// A balancer that does not know this node sends it nobody: it gets its backends
	// when the tier is built for the first time.
	_, asked := balanced[s.backend(node)]
	for _, other := range s.Nodes {
		if other.Name == node.Name {
			continue
		}
		one := seen[other.Name]
		state, known := balanced[s.backend(other)]
		switch code := string(one.Value.Stdout); {
		case one.Err != nil:
			evidence = append(evidence, fmt.Sprintf("%s: %v", other.Name, one.Err))
		case code != "200":
			evidence = append(evidence, fmt.Sprintf("%s: %s answers %s", other.Name, s.HealthPath, code))
		case !asked:
			serving++
		case !known:
			evidence = append(evidence, fmt.Sprintf("%s: the balancer does not know %s", other.Name, s.backend(other)))
		case known && state.Status == "DOWN" && state.Mode == "accept":
			soon++
			evidence = append(evidence, fmt.Sprintf("%s: the balancer has it as DOWN in mode accept", other.Name))
		case known && (state.Status == "DOWN" || state.Mode == "reject" || state.Mode == "drain"):
			evidence = append(evidence, fmt.Sprintf("%s: the balancer has it as %s in mode %s", other.Name, state.Status, state.Mode))
		default:
			serving++
		}
	}
	return serving, soon, evidence, nil
}

// returnToService ends a change of a machine that passes its gate. For one that does not,
// what was kept of the configuration of before is put back.
func returnToService(s Spec, node host.Node) func(context.Context, Target) error {
	return func(ctx context.Context, target Target) error {
		err := passGate(s, node, awaitHealth(s))(ctx, target)
		failed, gated := errors.AsType[*gateError](err)
		if !gated || ctx.Err() != nil {
			return err
		}
		return putBack(ctx, s, node, target, failed)
	}
}

// passGate returns a machine to service that answers as it must.
func passGate(s Spec, node host.Node, healthy action) func(context.Context, Target) error {
	return func(ctx context.Context, target Target) error {
		h := target.Hosts[node.Name]
		// Before any visitor gets there.
		if err := awaitPage(ctx, s, node, target); err != nil {
			return err
		}
		if err := undrain(ctx, h, s); err != nil {
			return err
		}
		if err := asGate(node, healthy(ctx, h)); err != nil {
			return err
		}
		note, err := h.ReadFile(ctx, s.rollingFile())
		if err != nil {
			return err
		}
		drained, err := h.ReadFile(ctx, drainFile)
		if err != nil {
			return err
		}
		if target.Balancer != nil && !bytes.Contains(note, []byte(operatorsMode)) {
			if err := accept(ctx, target.Balancer, s.backend(node), drained == nil); err != nil {
				return fmt.Errorf("cannot return %s to service: %w", node.Name, err)
			}
		}
		// Before the next node goes.
		if err := awaitPage(ctx, s, node, target); err != nil {
			return err
		}
		return endRoll(ctx, h, s)
	}
}

// leftover reports whether a change of ours took the machine out of service and
// did not finish. One that is in maintenance stays out.
func (n NodeStatus) leftover() bool {
	return n.Maintenance == "" && (n.Rolling || n.Drained == drainedByChange)
}
