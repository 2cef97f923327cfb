package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// progressVariable names a file to which every step of an apply is written as it
// begins and ends. Terraform itself says nothing while a resource is being changed
// but that it still is.
const progressVariable = "HA_PROGRESS"

// openProgress opens that file for appending; without the variable there is none. A
// run is several processes, one after the other and side by side, and each line is
// one write.
func openProgress() (io.Writer, diag.Diagnostics) {
	var diags diag.Diagnostics
	name := os.Getenv(progressVariable)
	if name == "" {
		return io.Discard, diags
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		diags.AddWarning("Progress Not Written", fmt.Sprintf("%s names a file that cannot be written: %s. Everything else works.", progressVariable, tier.Sentence(err)))
		return io.Discard, diags
	}
	return file, diags
}

// progressLine is what happened to a step: "db1: done in 3.9s: start mariadb".
func progressLine(at time.Time, resource, node, event, title string) string {
	where := "ha_" + resource
	if node != "" {
		where += " " + node
	}
	// A line is an event, whatever an error has in it.
	return strings.ReplaceAll(fmt.Sprintf("%s %s: %s: %s", at.UTC().Format(time.RFC3339), where, event, title), "\n", " ") + "\n"
}

// reporter writes the steps to Terraform's log and keeps those that succeeded.
// A failed step knows only of its own round.
type reporter struct {
	ctx      context.Context //nolint:containedctx // the logger is in it
	resource string
	// progress is the file that a person may follow.
	progress io.Writer

	mu   sync.Mutex
	done []string
}

// reporter writes the steps of one resource.
func (a *Access) reporter(ctx context.Context, resource string) *reporter {
	return &reporter{ctx: ctx, resource: resource, progress: a.progress}
}

// completed returns the steps that succeeded, in order.
func (r *reporter) completed() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.done)
}

func (r *reporter) complete(node, title string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if node != "" {
		title = node + ": " + title
	}
	r.done = append(r.done, title)
}

func (r *reporter) StepStarted(node, title, why string) {
	tflog.Info(r.ctx, "step started", map[string]any{"resource": r.resource, "node": node, "step": title, "why": why})
	if why != "" {
		title += " (" + why + ")"
	}
	r.write(node, "started", title)
}

// StepProgress implements [reconcile.ProgressReporter].
func (r *reporter) StepProgress(node, title, progress string) {
	tflog.Info(r.ctx, "step goes on", map[string]any{"resource": r.resource, "node": node, "step": title, "progress": progress})
	r.write(node, "goes on", title+": "+progress)
}

// StepWaited implements [reconcile.WaitReporter].
func (r *reporter) StepWaited(node, title, what string, took time.Duration) {
	tflog.Debug(r.ctx, "wait ended", map[string]any{"resource": r.resource, "node": node, "step": title, "what": what, "seconds": took.Seconds()})
}

// write appends to the progress; a disk that is full is no reason to stop.
func (r *reporter) write(node, event, title string) {
	_, _ = io.WriteString(r.progress, progressLine(time.Now(), r.resource, node, event, title))
}

func (r *reporter) StepEnded(node, title string, took time.Duration, skipped bool, err error) {
	fields := map[string]any{"resource": r.resource, "node": node, "step": title, "seconds": took.Seconds(), "skipped": skipped}
	if err != nil {
		fields["error"] = err.Error()
		tflog.Error(r.ctx, "step failed", fields)
		r.write(node, fmt.Sprintf("failed after %.1fs", took.Seconds()), title+": "+err.Error())
		return
	}
	event := "skipped, it was done already"
	if !skipped {
		r.complete(node, title)
		event = fmt.Sprintf("done in %.1fs", took.Seconds())
	}
	r.write(node, event, title)
	tflog.Info(r.ctx, "step done", fields)
}

// logCommand writes a command on a machine to Terraform's log, without its arguments. The
// context is that of the call which Terraform has made, and so are the other fields.
func logCommand(ctx context.Context, exchange ssh.Exchange) {
	tflog.Debug(ctx, "command ended", map[string]any{
		"node": exchange.Node, "command": exchange.Command, "bytes": exchange.Read,
		"seconds": exchange.Took.Seconds(), "connect_seconds": exchange.Connecting.Seconds(),
	})
}
