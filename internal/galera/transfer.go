package galera

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// mostTransfers is how many state transfers to one node may fail in a row. Each
// keeps a donor busy for as long as it takes.
const mostTransfers = 3

// transfersPath is the file that counts the state transfers to a node that failed
// since its server last served.
func transfersPath(cluster string) string {
	return strings.TrimSuffix(markerPath(cluster), ".json") + ".transfers"
}

var transfersScript = shell.Embedded(scripts, "transfers")

func askTransfers(spec Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("transfers", transfersScript, transfersPath(spec.Name))}}
}

// readTransfers counts nothing where the file says no number.
func readTransfers(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.FailedTransfers, _ = strconv.Atoi(strings.TrimSpace(answers.Parts["transfers"].Out))
}

// refuseWithoutRoom refuses a state transfer that cannot end well: the data of a donor does
// not fit on the node. What the node has is removed by the transfer first, but for
// the write-set cache, which each node has for itself; it is to have the size cache. Who has a history may get by
// with what it missed, so only the others are looked at.
func refuseWithoutRoom(status Status, name string, cache int64) error {
	node, donors := status.Nodes[name], int64(0)
	if node.Free == 0 || node.Saved.HasData() && node.FailedTransfers == 0 {
		return nil
	}
	var evidence []string
	for _, donor := range status.where(NodeStatus.primary) {
		if used := status.Nodes[donor].Used - status.Nodes[donor].Cache; donor != name && used > 0 {
			donors = max(donors, used)
			evidence = append(evidence, fmt.Sprintf("the data of %s takes %d MiB", donor, used>>20))
		}
	}
	room := node.Free + node.Used - max(node.Cache, cache)
	if donors <= room {
		return nil
	}
	return &reconcile.RefusedError{
		What: "start a state transfer that does not fit", Node: name,
		Evidence: append(evidence, fmt.Sprintf("%s has room for %d MiB at %s", name, room>>20, dataDirectory)),
		Remedy:   "Give the node a larger disk, or remove data from the cluster, and apply again.",
	}
}
