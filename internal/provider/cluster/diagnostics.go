package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// failure makes the diagnostic of a verb that failed: what was attempted and
// where, what the machine said, what was done before, and what to do. It is about an
// attribute where one can cure it.
func (r *Resource[M, C, P]) failure(ctx context.Context, verb string, err error, done ...string) diag.Diagnostic {
	paths := r.paths(ctx)
	at, next := remedies(paths, err)
	text := []string{tier.Sentence(err)}
	if len(next) > 0 {
		text = append(text, strings.Join(next, "\n"))
	}
	if verb != "Read" {
		text = append(text, whatIsLeft(err, done))
	}
	var refused *reconcile.RefusedError
	var hostKey *ssh.HostKeyError
	summary := fmt.Sprintf("Unable to %s %s", verb, r.Title)
	isRefused := errors.As(err, &refused)
	switch {
	case !isRefused && errors.Is(ctx.Err(), context.Canceled):
		summary = fmt.Sprintf("%s of %s Was Interrupted", verb, r.Title)
		text = append(text, interrupted[verb])
	case !isRefused && errors.Is(ctx.Err(), context.DeadlineExceeded):
		text = append(text, fmt.Sprintf(outOfTime[verb], strings.ToLower(verb)))
	case errors.As(err, &hostKey) && (verb == "Read" || verb == "Delete"):
		// These verbs know a node as the state has it, so a host_key that was
		// changed in the configuration is not seen yet.
		text = append(text, "A change of known_hosts takes effect immediately. A change of the node's host_key needs one apply with -refresh=false.")
	case verb == "Create" && !isRefused:
		text = append(text, "Terraform has not recorded the resource. Fix the cause and apply again; the apply continues where it stopped.")
	case verb == "Create":
		text = append(text, "Terraform has not recorded the resource.")
	case verb == "Update" && !isRefused:
		text = append(text, "Fix the cause and apply again; the next plan shows what is left to do.")
	}
	detail := strings.Join(text, "\n\n")
	if at == nil {
		return diag.NewErrorDiagnostic(summary, detail)
	}
	return diag.NewAttributeErrorDiagnostic(paths.find(at), summary, detail)
}

// goesOn is what was begun when a verb ends early.
const goesOn = "There is nothing to repair because of that. What was begun on a machine, such as the installation of packages or a state transfer, goes on there, and the next "

// interrupted is what a user is told whose Terraform was told to stop, by verb.
var interrupted = map[string]string{
	"Create": "Terraform was told to stop, and has not recorded the resource. " + goesOn + "apply goes on from what it finds.",
	"Update": "Terraform was told to stop. " + goesOn + "apply goes on from what it finds; a plan shows what is left to do.",
	"Delete": "Terraform was told to stop. " + goesOn + "destroy goes on from what it finds.",
	"Read":   "Terraform was told to stop.",
	"Import": "Terraform was told to stop.",
}

// outOfTime is what a user is told where the time of a verb was over. %s is its limit.
var outOfTime = map[string]string{
	"Create": "The time that timeouts.%s allows is over, and Terraform has not recorded the resource. Unless the reason above has to be cured first, apply again: the apply goes on from what it finds. Raise the limit if the work takes longer.",
	"Update": "The time that timeouts.%s allows is over. Unless the reason above has to be cured first, apply again: the apply goes on from what it finds. Raise the limit if the work takes longer.",
	"Delete": "The time that timeouts.%s allows is over. Unless the reason above has to be cured first, destroy again: it goes on from what it finds. Raise the limit if the work takes longer.",
	"Read":   "The time that timeouts.%s allows is over.",
	"Import": "The time for the %s is over.",
}

// whatIsLeft says what the machines were left with.
func whatIsLeft(err error, done []string) string {
	var step *reconcile.StepError
	var refused *reconcile.RefusedError
	switch {
	case len(done) > 0 && errors.As(err, &refused):
		return fmt.Sprintf("Done before it: %s. Nothing was rolled back, and nothing was changed by the refused step.", latest(done))
	case len(done) > 0:
		return fmt.Sprintf("Done before it: %s. Nothing was rolled back.", latest(done))
	case errors.As(err, &step):
		return "Nothing was changed before it."
	}
	return "Nothing was changed."
}

// latest has the last of many steps: all of them are a page, and in the log.
func latest(done []string) string {
	const most = 6
	if len(done) <= most {
		return strings.Join(done, "; ")
	}
	return fmt.Sprintf("%d steps, the last of which are %s", len(done), strings.Join(done[len(done)-most:], "; "))
}

func refusalWarning(title string, err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic(title+" Needs Attention", tier.Sentence(err)+"\n\nAn apply would refuse to change it until this is resolved.")
}

func unreachableWarnings(errs map[string]error) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		// Terraform shows one of several warnings with the same summary, and hides
		// the others: every node has its own.
		diags.AddWarning(fmt.Sprintf("Node %s Does Not Answer", name), fmt.Sprintf("%s. What is known of %s is kept; whether it differs from the configuration is not known.", tier.Capitalized(errs[name].Error()), name))
	}
	return diags
}

// leftOutWarnings name the nodes that a change which succeeded has left out, and
// what is left to do for each.
func leftOutWarnings(errs map[string]error, left string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		diags.AddWarning(fmt.Sprintf("Node %s Was Left Out", name), fmt.Sprintf(
			"%s. The change was made and verified on the other nodes. Left for %s: %s. Once it answers, a plan shows what it lacks, and an apply does it.", tier.Capitalized(errs[name].Error()), name, left))
	}
	return diags
}
