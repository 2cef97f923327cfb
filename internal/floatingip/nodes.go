package floatingip

import (
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// names are those of nodes.
func names(nodes []host.Node) []string {
	var names []string
	for _, node := range nodes {
		names = append(names, node.Name)
	}
	return names
}

func readFacts(_ Spec, _ string, answers tier.Answers, seen *Machine) { seen.Facts = answers.Facts }

// refuseNodes refuses machines that do not answer while others would change, and
// systems that this provider does not know.
func refuseNodes(d *draft) error {
	if err := refuseBlindChange(d); err != nil {
		return err
	}
	for _, node := range d.nodes() {
		if err := d.machine(node).Facts.Supported(node.Name); err != nil {
			return err
		}
	}
	return nil
}

// refuseBlindChange keeps machines that answer from drifting apart from one
// that does not: it would go on with its old configuration, and machines whose
// instances differ do not hear each other, so two would hold the address. How the
// machines check themselves may differ.
func refuseBlindChange(d *draft) error {
	unreachable := d.away()
	if len(unreachable) == 0 || len(d.status.Holders) > 1 {
		// With two holders they have drifted apart already, and a change can end that.
		return nil
	}
	var evidence []string
	for _, name := range unreachable {
		evidence = append(evidence, fmt.Sprintf("%s does not answer: %v", name, d.status.Machines[name].Err))
	}
	remedy := "Bring the machine back and apply again."
	if !d.status.known(d.spec) {
		return &reconcile.RefusedError{What: "set up floating IP " + d.spec.ip(), Evidence: evidence, Remedy: remedy}
	}
	for _, node := range d.nodes() {
		if difference := d.changesWhatIsSent(node); difference != "" {
			return &reconcile.RefusedError{
				What:     "change the configuration of floating IP " + d.spec.ip() + " on some of its machines",
				Evidence: append(evidence, fmt.Sprintf("on %s %s", node.Name, difference), "with different configurations two machines could hold the address"),
				Remedy:   remedy,
			}
		}
	}
	return nil
}
