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

// joining says how far a node has come that is becoming a member.
func (s Status) joining(name string) string {
	node := s.Nodes[name]
	switch {
	case node.Err != nil:
		return node.Err.Error()
	case node.Wsrep.Answers:
		text := fmt.Sprintf("its server is %s (%s)", node.Wsrep.Comment, node.Wsrep.Cluster)
		if behind := s.lag(name); behind > 0 {
			text += fmt.Sprintf(", %d write-sets behind", behind)
		}
		return text
	}
	if transfer := s.arriving(name); transfer != "" {
		return transfer
	}
	return "its server starts"
}

// arriving says what is known of a state transfer to a node whose server does not answer:
// who gives it, and how much has arrived. It is empty if nobody gives one. A donor serves
// one node, but a member that is backed up looks like one.
func (s Status) arriving(name string) string {
	donors := without(s.where(NodeStatus.desynced), []string{name})
	if len(donors) == 0 {
		return ""
	}
	node, size := s.Nodes[name], int64(0)
	for _, donor := range donors {
		size = max(size, s.Nodes[donor].Used-s.Nodes[donor].Cache)
	}
	text := "it receives a state transfer from " + strings.Join(donors, " or ")
	if node.Used > 0 && size > 0 {
		text += fmt.Sprintf(", and has %d MiB of about %d MiB", max(node.Used-node.Cache, 0)>>20, size>>20)
	}
	return text
}

// lag is by how many write-sets a member is behind the foremost one, as far as is known.
func (s Status) lag(name string) int64 {
	node, foremost := s.Nodes[name], int64(-1)
	for _, member := range s.where(NodeStatus.primary) {
		foremost = max(foremost, s.Nodes[member].Wsrep.Committed)
	}
	if node.Wsrep.Committed < 0 || foremost < node.Wsrep.Committed {
		return 0
	}
	return foremost - node.Wsrep.Committed
}
