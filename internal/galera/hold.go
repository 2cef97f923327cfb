package galera

import (
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// held are the packages whose upgrade restarts or changes the server.
func (e engine) held() []string {
	return slices.DeleteFunc(slices.Clone(e.packages), func(p string) bool { return p == "socat" })
}

func readHold(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Unheld = answers.Unheld
}

// planHold holds the software once it is complete, or will be.
func planHold(d *draft) error {
	for node, seen := range d.answering() {
		hold, needed := tier.HoldPackages("galera-"+d.spec.Name, d.engine.held(), seen.Unheld, seen.Packages)
		if needed && (!lacksPackages(d.spec, seen) || !seen.running()) {
			d.prepare.On(node.Name, hold.On(node.Name))
		}
	}
	return nil
}
