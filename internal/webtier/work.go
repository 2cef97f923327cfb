package webtier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

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

func writeFiles(files ...host.File) action {
	return func(ctx context.Context, h *host.Host) error {
		for _, file := range files {
			if err := h.WriteFile(ctx, file); err != nil {
				return err
			}
		}
		return nil
	}
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

// part is one kind of work on a machine.
type part struct {
	title string
	whys  []string
	// disruptive work can cost visitors their requests.
	disruptive bool
	// repairs says that the work only starts or mounts what is down. On a machine that
	// serves again by the time it runs, it does nothing.
	repairs bool
	// reverts says that the work leaves everything as it was when it fails.
	reverts bool
	do      action
}

// changes is all the work on a machine, in order.
type changes struct {
	node  host.Node
	parts []part
	// complete says that nothing has to be seen before more can be planned.
	complete bool
}

func (c changes) disruptive() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.disruptive })
}

// stops reports whether the work would take visitors' requests from a machine that
// was seen out of order and serves again when the work begins.
func (c changes) stops() bool {
	return slices.ContainsFunc(c.parts, func(p part) bool { return p.disruptive && !p.repairs })
}

// lane turns the work into steps; gated work ends when the machine is healthy.
func (c changes) lane(s Spec, gated bool) Lane {
	var lane Lane
	for _, p := range c.parts {
		lane = append(lane, step(c.node.Name, p.title, strings.Join(p.whys, "; "), p.do))
	}
	if gated {
		lane = append(lane, step(c.node.Name, "wait until healthy", "", awaitHealth(s)),
			step(c.node.Name, "remember the site", "", rememberSite(s)))
	}
	return lane
}
