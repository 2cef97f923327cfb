package tier

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// brief is a rollout in short.
func brief(r *Rollout) string {
	if r == nil {
		return "nothing is said"
	}
	if len(r.Unasked) > 0 {
		return "it is not known: " + strings.Join(r.Unasked, ", ")
	}
	var nodes []string
	for _, node := range r.Nodes {
		text := fmt.Sprintf("%s %s", node.Node, node.Action)
		if node.Transfer.Kind != TransferNone {
			text += " " + string(node.Transfer.Kind)
		}
		nodes = append(nodes, text+" ("+strings.Join(node.Reasons, ", ")+")")
	}
	text := fmt.Sprintf("%s; %d of %d, quorum %d, %d restarts", strings.Join(nodes, ", "), r.LowestMembers, r.Members, r.Quorum, r.Restarts)
	if r.AddressMoves {
		text += ", moves"
	}
	if r.Refusal != "" {
		text += ", refused: " + r.Refusal
	}
	return text
}

func TestARolloutFollowsTheSteps(t *testing.T) {
	type steps = []reconcile.Step[int]
	on := func(node string, effect reconcile.Effect, why string) reconcile.Step[int] {
		return reconcile.Step[int]{Node: node, Effect: effect, Why: why}
	}
	refusal := &reconcile.RefusedError{What: "do it", Remedy: "Repair it."}
	for name, test := range map[string]struct {
		// down are nodes of n1, n2 and n3 that do not serve.
		down    []string
		changes map[string]Change
		moved   bool
		steps   steps
		err     error
		blind   bool
		// unasked are nodes of which not enough was asked, and silent those that did not answer.
		unasked, silent []string
		want            string
	}{
		"nothing": {want: "; 3 of 3, quorum 2, 0 restarts"},
		"the holder of the address restarts last": {
			steps: steps{on("n1", "", "a file differs"), on("n2", "restarts", "it is old"), on("n1", "restarts", "it is old"), on("", "", "")},
			want:  "n2 restart incremental (it is old), n1 restart incremental (a file differs, it is old); 2 of 3, quorum 2, 2 restarts, moves",
		},
		"what nobody notices": {
			steps: steps{on("n1", "", ""), on("n2", "", "a file differs"), on("", "", "an option differs"), on("n3", "reloads", "a rule differs")},
			want:  "n2 change (a file differs), cluster change (an option differs), n3 reload (a rule differs); 3 of 3, quorum 2, 0 restarts",
		},
		"a node that does not serve": {
			down: []string{"n2"}, steps: steps{on("n2", "restarts", "it is stopped")},
			want: "n2 repair full (it is stopped); 2 of 2, quorum 2, 0 restarts",
		},
		"several at once": {
			down: []string{"n2", "n3"}, steps: steps{{Of: []string{"n2", "n3"}, Effect: reconcile.Joins, Why: "nobody serves"}},
			want: "n2 repair full (nobody serves), n3 repair full (nobody serves); 1 of 1, quorum 2, 0 restarts",
		},
		"out of service": {
			steps: steps{on("n1", "drains", "it is to be")},
			want:  "n1 drain (it is to be); 2 of 3, quorum 2, 0 restarts, moves",
		},
		"a node that joins": {
			changes: map[string]Change{"n4": Joins},
			steps:   steps{on("n4", "", "a file is missing"), on("n4", "joins", "it is no member"), on("n2", "restarts", "it is old")},
			want:    "n4 join full (it is not a node of the cluster yet), n2 restart incremental (it is old); 3 of 3, quorum 2, 1 restarts",
		},
		"a node that joins in a later round": {
			changes: map[string]Change{"n4": Joins},
			steps:   steps{on("n4", "", "a package is missing"), on("n2", "reloads", "it is old")},
			want:    "n2 reload (it is old), n4 join full (it is not a node of the cluster yet); 3 of 3, quorum 2, 0 restarts",
		},
		"one joins before one leaves": {
			changes: map[string]Change{"n4": Joins, "n1": Leaves},
			want:    "n4 join full (it is not a node of the cluster yet), n1 leave (it is declared no more); 3 of 3, quorum 2, 0 restarts, moves",
		},
		"another machine in the place of one that serves": {
			changes: map[string]Change{"n2": Replaced}, moved: true,
			steps: steps{on("former n2", "leaves", "another machine takes its place"), on("n2", "joins", "it is no member")},
			want:  "n2 replace full (another machine takes its place); 2 of 3, quorum 2, 0 restarts",
		},
		"another machine in the place of one that leaves after the floating IP": {
			changes: map[string]Change{"n2": Replaced}, moved: true,
			steps: steps{on("n2", "joins", "it is no member"), on("former n2", "hands over", "no other machine could take the address yet")},
			want:  "n2 replace full (another machine takes its place, no other machine could take the address yet); 2 of 3, quorum 2, 0 restarts",
		},
		"another machine in the place of a dead one": {
			down: []string{"n2"}, changes: map[string]Change{"n2": Replaced},
			want: "n2 replace full (another machine takes its place); 2 of 2, quorum 2, 0 restarts",
		},
		"a refusal":                      {err: refusal, want: "; 3 of 3, quorum 2, 0 restarts, refused: " + refusal.Error()},
		"a refusal that may be mistaken": {err: refusal, changes: map[string]Change{"n4": Joins}, want: "nothing is said"},
		"an error":                       {err: errors.New("no"), want: "nothing is said"},
		"new machines that it cannot assume": {
			blind: true, changes: map[string]Change{"n4": Joins}, want: "nothing is said",
		},
		"what is declared for the first time": {
			unasked: []string{"n1", "n3"}, err: refusal, want: "it is not known: n1, n3",
		},
		"what is declared for the first time, beside a node that does not answer": {
			unasked: []string{"n1", "n3"}, silent: []string{"n3"}, want: "it is not known: n1",
		},
		"a node that does not answer": {
			unasked: []string{"n3"}, silent: []string{"n3"}, want: "; 3 of 3, quorum 2, 0 restarts",
		},
		"who was asked enough will have left": {
			unasked: []string{"n1", "n4"}, changes: map[string]Change{"n4": Joins, "n1": Leaves},
			want: "n4 join full (it is not a node of the cluster yet), n1 leave (it is declared no more); 3 of 3, quorum 2, 0 restarts, moves",
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]string{"n1": "serves", "n2": "serves", "n3": "serves"}
			for _, node := range test.down {
				seen[node] = "down"
			}
			nodes := []Node{}
			for _, name := range []string{"n1", "n2", "n3", "n4"} {
				change, found := test.changes[name]
				if !found && name == "n4" {
					continue
				}
				if !found {
					change = Stays
				}
				node := Node{Name: name, Address: "10.0.0.1", FormerAddress: "10.0.0.1", Change: change}
				if test.moved {
					node.FormerAddress = "10.0.0.2"
				}
				nodes = append(nodes, node)
			}
			var assumed map[string]string
			of := Definition[map[string]string, int]{
				Unasked: func(map[string]string) []string { return slices.Clone(test.unasked) },
				Unreachable: func(map[string]string) map[string]error {
					errs := map[string]error{}
					for _, node := range test.silent {
						errs[node] = errors.New("no answer")
					}
					return errs
				},
				Diff: func(seen map[string]string) (plan reconcile.Plan[int], err error) {
					assumed = seen
					plan.Serial("", test.steps...)
					return plan, test.err
				},
				Foresee: func(seen map[string]string) Foresight {
					f := Foresight{Quorum: 2, Holders: []string{"n1"},
						Restarting: func(string) Transfer { return Transfer{Kind: TransferIncremental} },
						Joining: func(node string) Transfer {
							if seen[node] == "" {
								return Transfer{}
							}
							return Transfer{Kind: TransferFull}
						}}
					for _, node := range []string{"n1", "n2", "n3"} {
						if seen[node] == "serves" {
							f.Serving = append(f.Serving, node)
						}
					}
					return f
				},
				Assume: func(seen map[string]string, nodes []Node) map[string]string {
					return Assume(seen, nodes, func(Node) string { return "new" })
				},
			}
			if test.blind {
				of.Assume = nil
			}
			c := New(of)
			c.seen = seen
			if got := brief(c.Rollout(nodes)); got != test.want {
				t.Errorf("got\n%s\nand not\n%s", got, test.want)
			}
			if test.moved && (assumed["former n2"] != "serves" || assumed["n2"] != "new" || seen["n2"] != "serves") {
				t.Errorf("assumed %v of %v", assumed, seen)
			}
		})
	}
	if got := New(Definition[int, int]{}).Rollout(nil); got != nil {
		t.Errorf("a tier without foresight says %+v", got)
	}
}
