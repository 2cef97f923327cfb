package galera

import "github.com/terraform-ha/terraform-provider-ha/internal/tier"

func readMachine(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Facts, seen.Files = answers.Facts, answers.Files
}

func refuseUnsupported(d *draft) error {
	for _, name := range d.seen.names() {
		node := d.seen.Nodes[name]
		if node.Err != nil {
			continue
		}
		if err := node.Facts.Supported(name); err != nil {
			return err
		}
	}
	return nil
}
