package floatingip

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// A check that is wrong everywhere takes the address from every machine. Therefore each
// machine that could have the address tries a new check, and none gets it before all of
// them have let it pass.

// trialRuns is how often a check may fail in a trial: one slow answer decides nothing.
const trialRuns = 3

// trialPath is where a check lies while it is tried. No name of a floating IP has a dot.
func trialPath(name string) string { return checkPath(name) + ".trial" }

var trialScript = shell.Embedded(scripts, "trial")

func askTrial(spec Spec, _ string) tier.Questions {
	return tier.Questions{Files: []string{trialPath(spec.Name)}}
}

// planTrial has machines try a new check, and removes what a trial left behind whose
// machine lost its power.
func planTrial(d *draft) error {
	for _, node := range d.told() {
		if d.tries(node) {
			d.trial.On(node.Name, d.trialStep(node))
		}
	}
	for _, node := range d.nodes() {
		if leftover := trialPath(d.spec.Name); d.machine(node).Files[leftover].Exists && !d.tries(node) {
			d.prepare.On(node.Name, removeFileStep(node.Name, leftover))
		}
	}
	return nil
}

// tries reports whether a machine is to get another check than it has, and could lose the
// address by it, or the chance to take it over.
func (d *draft) tries(node host.Node) bool {
	if d.spec.Check.Kind == CheckNone {
		return false
	}
	seen := d.machine(node).Files[checkPath(d.spec.Name)]
	return seen.SHA256 != host.Digest(checkFiles(d.group, node)[0].Content) && d.couldLose(node)
}

// couldLose reports whether a machine has the address, or may have it now. Whether its
// check passes was asked with the limit of the new one, so what Keepalived says of that
// counts as well; [trialScript] asks again. One that is about to be taken out of service
// has no chance to lose.
func (d *draft) couldLose(node host.Node) bool {
	machine := d.machine(node)
	switch {
	case !machine.Unit.Running() || machine.Instance.Agreed == "":
		return false
	case d.isHolder(node.Name):
		return true
	case d.spec.Maintenance[node.Name] != "":
		return false
	}
	return machine.Check.Passed || machine.Role == "BACKUP" || machine.Role == "MASTER"
}

// installing is the stage in which a machine gets its packages: before a trial, because
// the new check may run their programs.
func (d *draft) installing(node host.Node) *tier.Stage[host.Hosts] {
	if d.tries(node) {
		return d.install
	}
	return d.prepare
}

// trialStep has no reason of its own: it is that of writing the check.
func (d *draft) trialStep(node host.Node) Step {
	spec := d.spec
	unchanged := "nothing was changed on any machine"
	if !d.install.Empty() {
		unchanged = "nothing but missing packages was installed, and no machine has the new check"
	}
	command := shell.Script(trialScript, checkPath(spec.Name), trialPath(spec.Name), scriptUser,
		strconv.Itoa(spec.Check.TimeoutSeconds), strconv.Itoa(trialRuns), strconv.Itoa(spec.Check.IntervalSeconds), instancePath(spec.Name),
	).WithStdin(checkFiles(d.group, node)[0].Content)
	return step(node.Name, "try the new check", "", func(ctx context.Context, h *host.Host) error {
		result, err := h.Run(ctx, command)
		if err != nil {
			return err
		}
		if failed := parseTrial(string(result.Stdout)); failed != "" {
			return refusedCheck(spec, node.Name, failed, d.stakes(node), unchanged)
		}
		return nil
	})
}

// stakes is what a machine would lose by a check that fails on it.
func (d *draft) stakes(node host.Node) string {
	before, does := "the check that is in place passes there", "can take over"
	if !d.machine(node).Files[checkPath(d.spec.Name)].Exists {
		before = "there is no check in place"
	}
	if d.isHolder(node.Name) {
		does = "holds"
	}
	return fmt.Sprintf("%s, and the node %s %s", before, does, d.spec.ip())
}

// parseTrial returns how a check failed, empty if it is not rejected.
func parseTrial(text string) string {
	status, _, _ := strings.Cut(text, "\n")
	result := parseCheck(text)
	if !result.Ran || result.Passed {
		return ""
	}
	said := shell.Printable(shell.Tail(result.Output, 600))
	if said == "" {
		said = "it says nothing"
	}
	return fmt.Sprintf("the new check fails there %d times in a row, with exit status %s: %s", trialRuns, status, said)
}

func refusedCheck(spec Spec, node, failed, stakes, unchanged string) error {
	return &reconcile.RefusedError{
		What: "put the new check of floating IP " + spec.ip() + " in place", Node: node,
		Evidence: []string{failed, stakes, unchanged},
		Remedy: "Correct the check, or what it asks on the node, and apply again. If the node is not to have the address with that check, create " +
			tier.DrainFile + " on it first. A node with a check then gives the address to another one.",
		Path: tier.At("check"),
	}
}
