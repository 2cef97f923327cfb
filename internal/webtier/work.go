package webtier

import (
	"context"
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// draft is a plan that the concerns are making.
type draft struct {
	spec   Spec
	status Status
	// machines are those that answered and are not to be stopped, in order.
	machines []*machine
	plan     Plan
	// refused is told where nothing is planned.
	refused error
}

// refuse notes a refusal that keeps nothing else from being planned.
func (d *draft) refuse(err error) {
	if d.refused == nil {
		d.refused = err
	}
}

func newDraft(spec Spec, status Status) *draft {
	d := &draft{spec: spec, status: status}
	for _, node := range spec.Nodes {
		if seen, found := status.Nodes[node.Name]; found && seen.Reachable() && !spec.stopped(node.Name) {
			d.machines = append(d.machines, &machine{node: node, seen: seen})
		}
	}
	return d
}

// machine is a machine that answered, with the work on it in order. What can only be
// known once software is installed or the volume is mounted is left to the next
// observation.
type machine struct {
	node  host.Node
	seen  NodeStatus
	parts []part
	// ahead is the work that comes before the machine is drained for the others.
	ahead []part
	// mounts says that the volume is mounted first, and what lies on it is not known yet.
	mounts bool
}

// part is the work of one concern on a machine.
type part struct {
	title   string
	reasons []string
	// disruptive work can cost visitors their requests.
	disruptive bool
	// repairs says that the work only starts or mounts what is down. On a machine that
	// serves again by the time it runs, it does nothing.
	repairs bool
	// reverts says that a machine can serve as before where the work failed: it leaves
	// everything as it was, or what it leaves is seen to serve before visitors come.
	reverts bool
	// configures says that the work replaces files of [Spec.replaceable].
	configures bool
	// late work takes away what the configuration of before may need, once the machine
	// serves without it.
	late bool
	do   action
	// whole is work that has to know the other machines, in the place of do.
	whole func(ctx context.Context, target Target) error
}

// add appends work that there is a reason for.
func (m *machine) add(p part) {
	if len(p.reasons) > 0 {
		m.parts = append(m.parts, p)
	}
}

// onEach has a concern plan its part on every machine.
func onEach(plan func(*draft, *machine)) func(*draft) error {
	return func(d *draft) error {
		for _, m := range d.machines {
			plan(d, m)
		}
		return nil
	}
}

// onEachInstalled leaves out machines on which Apache or PHP-FPM is not installed yet.
func onEachInstalled(plan func(*draft, *machine)) func(*draft) error {
	return onEach(func(d *draft, m *machine) {
		if m.installed(d.spec) {
			plan(d, m)
		}
	})
}

// installed reports whether the servers are there, so that all of the work on the
// machine can be planned.
func (m *machine) installed(s Spec) bool {
	return m.seen.Packages["apache2"] != "" && (!s.php() || m.seen.PHP != "")
}

// busy reports whether there is anything to do on the machine.
func (m *machine) busy() bool { return len(m.parts) > 0 || m.seen.leftover() }

// action is work on one machine that is safe to repeat.
type action func(ctx context.Context, h *host.Host) error

func step(node, title, why string, do action) Step {
	return Step{Node: node, Title: title, Why: why, Do: func(ctx context.Context, target Target) error {
		h, found := target.Hosts[node]
		if !found {
			return fmt.Errorf("cannot %s on %s: the machine is not known", title, node)
		}
		return do(ctx, h)
	}}
}

// run runs a script for its effect.
func run(ctx context.Context, h *host.Host, what string, command shell.Command) error {
	if _, err := h.Run(ctx, command); err != nil {
		return fmt.Errorf("cannot %s on %s: %w", what, h.Name(), err)
	}
	return nil
}

// inOrder does one thing after the other.
func inOrder(first, then action) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := first(ctx, h); err != nil {
			return err
		}
		return then(ctx, h)
	}
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}
