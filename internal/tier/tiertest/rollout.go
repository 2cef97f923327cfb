package tiertest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Case is a change of which a rollout is wanted.
type Case struct {
	// Refreshed is the cluster as it was declared before the change, and Planned as it
	// is declared then.
	Refreshed, Planned tier.Tier
	// Nodes are those before and after the change; those that are not given stay.
	Nodes []tier.Node
	// Want is what [Brief] says. Reasons has parts of sentences, by node.
	Want    string
	Reasons map[string]string
}

// Rollout lets a refresh observe the machines, carries that to the plan as the state
// does, and wants to hear what the plan does.
func Rollout(t *testing.T, c Case) {
	t.Helper()
	c.Refreshed.Observe(t.Context())
	text, err := c.Refreshed.Record()
	if err != nil {
		t.Fatal(err)
	}
	want, wantErr := c.Refreshed.Drift()
	for _, cluster := range []tier.Tier{c.Refreshed, c.Planned} {
		if err := cluster.Replay(text); err != nil {
			t.Fatal(err)
		}
	}
	if got, gotErr := c.Refreshed.Drift(); !reflect.DeepEqual(want, got) || fmt.Sprint(wantErr) != fmt.Sprint(gotErr) {
		t.Errorf("what was replayed leads to\n%v %v\nand what was seen to\n%v %v", got, gotErr, want, wantErr)
	}
	rollout := c.Planned.Rollout(c.Nodes)
	if brief := Brief(rollout); brief != c.Want {
		t.Errorf("the rollout is\n%s\nand not\n%s\n%+v", brief, c.Want, rollout)
	}
	for node, reason := range c.Reasons {
		if said := reasonsOf(rollout, node); !strings.Contains(said, reason) {
			t.Errorf("the reasons of %s are %q, without %q", node, said, reason)
		}
	}
}

func reasonsOf(r *tier.Rollout, name string) string {
	if r == nil {
		return ""
	}
	for _, node := range r.Nodes {
		if node.Node == name {
			return strings.Join(node.Reasons, "\n")
		}
	}
	return ""
}

// Brief returns a rollout without its reasons: "db2 restart incremental; 2 of 3 members".
func Brief(r *tier.Rollout) string {
	switch {
	case r == nil:
		return "nothing is said"
	case len(r.Unasked) > 0:
		return "it is not known: " + strings.Join(r.Unasked, ", ")
	case r.Refusal != "":
		return "refused"
	}
	var nodes []string
	for _, node := range r.Nodes {
		text := fmt.Sprintf("%s %s", node.Node, node.Action)
		switch node.Transfer.Kind {
		case tier.TransferNone:
		case tier.TransferUnknown:
			text += " (transfer unknown)"
		default:
			text += " (" + string(node.Transfer.Kind)
			if node.Transfer.MiB > 0 {
				text += fmt.Sprintf(", %d MiB", node.Transfer.MiB)
			}
			text += ")"
		}
		nodes = append(nodes, text)
	}
	text := fmt.Sprintf("%d of %d members", r.LowestMembers, r.Members)
	if len(nodes) > 0 {
		text = strings.Join(nodes, ", ") + "; " + text
	}
	if r.AddressMoves {
		text += "; the address moves"
	}
	if quorumLost := r.LowestMembers < r.Quorum; quorumLost {
		text += fmt.Sprintf("; below the quorum of %d", r.Quorum)
	}
	return text
}

// Node returns a node of a change.
func Node(name string, change tier.Change, address string) tier.Node {
	return tier.Node{Name: name, Address: address, FormerAddress: address, Change: change}
}
