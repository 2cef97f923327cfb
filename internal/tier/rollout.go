package tier

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Rollout is what a change does to the machines, as far as an observation tells it
// beforehand.
type Rollout struct {
	// Nodes are those on which anything is done, in order. What concerns no single node
	// is under [reconcile.ClusterNode].
	Nodes []NodeRollout
	// Members is how many nodes serve before the change, and LowestMembers how many do
	// at its worst moment.
	Members, LowestMembers int
	// Quorum is how many nodes have to serve.
	Quorum int
	// Restarts is how many nodes are taken out of service for a moment.
	Restarts int
	// AddressMoves says that a floating address goes to another node.
	AddressMoves bool
	// Refusal is why nothing would be done; empty if nothing is refused.
	Refusal string
	// Unasked are the nodes of which more has to be known than the observation says. Where
	// there is one, the change is not known, and nothing else is said.
	Unasked []string
	// Steps are the titles of the steps, in order and with their nodes. They are for a log:
	// they say more than a reviewer needs, and may change with each version.
	Steps []string
}

// NodeRollout is what a change does on one node.
type NodeRollout struct {
	Node   string
	Action Action
	// Restarts says that the node serves and is taken out of service for a moment.
	Restarts bool
	Transfer Transfer
	Reasons  []string
}

// Action is what a change does on a node, in a word.
type Action string

// The actions. A node that does not serve is repaired.
const (
	ActionJoin    Action = "join"
	ActionLeave   Action = "leave"
	ActionReplace Action = "replace"
	ActionRestart Action = "restart"
	ActionReload  Action = "reload"
	ActionDrain   Action = "drain"
	ActionRepair  Action = "repair"
	ActionChange  Action = "change"
)

// Actions are all of them.
func Actions() []Action {
	return []Action{ActionJoin, ActionLeave, ActionReplace, ActionRestart, ActionReload, ActionDrain, ActionRepair, ActionChange}
}

// Transfer is what a node gets from the others when it begins to serve.
type Transfer struct {
	Kind TransferKind
	// MiB is the expected size; 0 if it is not known.
	MiB int64
}

// TransferKind is whether a node gets all data or what it missed.
type TransferKind string

const (
	// TransferNone is for nodes that get nothing.
	TransferNone TransferKind = "none"
	// TransferIncremental is what the node missed.
	TransferIncremental TransferKind = "incremental"
	// TransferFull is all data.
	TransferFull TransferKind = "full"
	// TransferUnknown is for a node of which that only turns out.
	TransferUnknown TransferKind = ""
)

// Foresight is what an observation tells about the way of a change, beside its steps.
type Foresight struct {
	// Serving are the nodes that serve, Quorum is how many of them have to.
	Serving []string
	Quorum  int
	// Holders are the nodes that hold a floating address.
	Holders []string
	// Moves says that an address moves although no holder gives it away.
	Moves bool
	// JoinsFirst says that a machine at another address serves before the one goes whose place it
	// takes.
	JoinsFirst bool
	// Joining returns what a node gets that begins to serve, and Restarting what one
	// gets that has been restarted. Both are nil in tiers whose nodes have no data of
	// each other.
	Joining, Restarting func(node string) Transfer
}

// Assume returns an observation of nodes as it would be after their machines were
// exchanged: fresh returns what is seen of a machine on which nothing is yet. A
// machine whose place another one takes has its [FormerName] then.
func Assume[N any](seen map[string]N, nodes []Node, fresh func(Node) N) map[string]N {
	assumed := maps.Clone(seen)
	for _, node := range nodes {
		switch node.Change {
		case Joins:
			assumed[node.Name] = fresh(node)
		case Replaced:
			if was, found := seen[node.Name]; found && node.Moved() {
				assumed[FormerName(node.Name)] = was
			}
			assumed[node.Name] = fresh(node)
		case Stays, Leaves:
		}
	}
	return assumed
}

// Record returns the last observation as text, for [Cluster.Replay].
func (c *Cluster[S, T]) Record() (string, error) { return recorded(c.seen) }

// Replay takes an observation that was recorded for its own.
func (c *Cluster[S, T]) Replay(text string) error {
	var seen S
	if err := replayed(text, &seen); err != nil {
		return err
	}
	c.seen = seen
	return nil
}

// Rollout says what a change does, from the last observation, which may be older than
// the change: nodes are those before and after it. It is nil where that cannot be said.
func (c *Cluster[S, T]) Rollout(nodes []Node) *Rollout {
	if c.of.Foresee == nil {
		return nil
	}
	changes, moved, others := map[string]Change{}, map[string]bool{}, false
	for _, node := range nodes {
		changes[node.Name], moved[node.Name] = node.Change, node.Moved()
		others = others || node.Change == Joins || node.Change == Replaced
	}
	if unasked := c.unasked(changes); len(unasked) > 0 {
		return &Rollout{Unasked: unasked}
	}
	before := c.of.Foresee(c.seen)
	assumed := c.seen
	if others {
		if c.of.Assume == nil {
			return nil
		}
		assumed = c.of.Assume(c.seen, nodes)
	}
	way := walk{changes: changes, moved: moved, before: before, ahead: c.of.Foresee(assumed)}
	plan, err := c.of.Diff(assumed)
	var refused *reconcile.RefusedError
	switch {
	case errors.As(err, &refused) && !others:
		return &Rollout{Members: len(before.Serving), LowestMembers: len(before.Serving), Quorum: before.Quorum, Refusal: refused.Error()}
	case err != nil: // of machines that nobody has seen, a refusal says nothing
		return nil
	}
	plan = c.asRolled(plan, assumed)
	for i, step := range plan.Steps() {
		for _, node := range stepNodes(step.Node, step.Of) {
			way.take(node, i, step.Effect, step.Why)
		}
	}
	rollout := way.rollout()
	rollout.Steps = plan.Titles()
	return rollout
}

// unasked returns the nodes that keep their machines and of which more has to be known than
// was asked of them. Nobody knows more of a machine that did not answer, either, but that the
// refresh has said, and an apply does without it.
func (c *Cluster[S, T]) unasked(changes map[string]Change) []string {
	if c.of.Unasked == nil {
		return nil
	}
	silent := c.Unreachable()
	return slices.DeleteFunc(c.of.Unasked(c.seen), func(node string) bool {
		change, found := changes[node]
		return silent[node] != nil || found && change != Stays
	})
}

// stepNodes are the nodes of which something is said where a step is.
func stepNodes(node string, of []string) []string {
	if len(of) > 0 {
		return of
	}
	return []string{cmp.Or(node, reconcile.ClusterNode)}
}

// walk follows the steps of a plan.
type walk struct {
	changes map[string]Change
	// moved are the nodes that their peers are to reach at another address.
	moved map[string]bool
	// before is from what was seen, ahead from what is assumed of new machines.
	before, ahead Foresight
	found         map[string]*stop
}

// stop is what is known of a node on the way.
type stop struct {
	effect  reconcile.Effect
	at      int
	reasons []string
}

// take takes a step in. What is to be done to a machine on which nothing is yet is no
// news, and what is done to one whose place it takes is part of the replacement, which
// says so if another cluster ends it.
func (w *walk) take(node string, at int, effect reconcile.Effect, why string) {
	if name, former := strings.CutPrefix(node, FormerName("")); former {
		node = name
		if effect == reconcile.HandsOver {
			w.note(node, at, reconcile.Unnoticed, why)
			return
		}
		effect = reconcile.Unnoticed
	}
	if change := w.changes[node]; why != "" && (change == Joins || change == Replaced) {
		why = anotherMachine[change]
	}
	w.note(node, at, effect, why)
}

// note notes an effect on a node, which comes where its strongest effect is.
func (w *walk) note(node string, at int, effect reconcile.Effect, why string) {
	if w.found == nil {
		w.found = map[string]*stop{}
	}
	s := w.found[node]
	if s == nil {
		if why == "" && effect == reconcile.Unnoticed {
			return
		}
		s = &stop{at: at}
		w.found[node] = s
	}
	if strongest := reconcile.Strongest(s.effect, effect); strongest != s.effect {
		s.effect, s.at = strongest, at
	}
	if why != "" && !slices.Contains(s.reasons, why) {
		s.reasons = append(s.reasons, why)
	}
}

// anotherMachine says why there is work on a machine that nobody has seen.
var anotherMachine = map[Change]string{
	Joins:    "it is not a node of the cluster yet",
	Replaced: "another machine takes its place",
}

// latest is where nodes come that are declared to change and of which no step is seen
// yet: those that join before those that leave.
const latest = 1 << 20

// rollout returns what the walk has seen.
func (w *walk) rollout() *Rollout {
	for _, node := range slices.Sorted(maps.Keys(w.changes)) {
		switch change := w.changes[node]; change {
		case Joins, Replaced:
			w.note(node, latest, reconcile.Joins, anotherMachine[change])
		case Leaves:
			w.note(node, latest+1, reconcile.Leaves, "it is declared no more")
		case Stays:
		}
	}
	names := slices.SortedFunc(maps.Keys(w.found), func(a, b string) int {
		return cmp.Or(w.found[a].at-w.found[b].at, cmp.Compare(a, b))
	})
	r := &Rollout{Nodes: []NodeRollout{}, Members: len(w.before.Serving), Quorum: w.ahead.Quorum}
	members := r.Members
	r.LowestMembers = members
	r.AddressMoves = len(names) > 0 && w.ahead.Moves
	for _, name := range names {
		node := w.nodeRollout(name)
		r.Nodes = append(r.Nodes, node)
		serves := slices.Contains(w.before.Serving, name)
		out, back := node.absence(serves)
		if node.Action == ActionReplace && w.ahead.JoinsFirst && w.moved[name] {
			out, back = 0, back-out
		}
		members -= out
		r.LowestMembers = min(r.LowestMembers, members)
		members += back
		if node.Restarts {
			r.Restarts++
		}
		goes := out > 0 || node.Action == ActionReplace
		r.AddressMoves = r.AddressMoves || goes && slices.Contains(w.before.Holders, name)
	}
	return r
}

func (w *walk) nodeRollout(name string) NodeRollout {
	s := w.found[name]
	serves := slices.Contains(w.before.Serving, name)
	node := NodeRollout{Node: name, Reasons: s.reasons, Transfer: Transfer{Kind: TransferNone}}
	node.Action = actionOf(w.changes[name], s.effect, serves)
	node.Restarts = node.Action == ActionRestart
	switch node.Action {
	case ActionJoin, ActionReplace, ActionRepair:
		if w.ahead.Joining != nil {
			node.Transfer = w.ahead.Joining(name)
		}
	case ActionRestart:
		if w.ahead.Restarting != nil {
			node.Transfer = w.ahead.Restarting(name)
		}
	case ActionLeave, ActionReload, ActionDrain, ActionChange:
	}
	return node
}

func actionOf(change Change, effect reconcile.Effect, serves bool) Action {
	switch {
	case change == Joins:
		return ActionJoin
	case change == Leaves:
		return ActionLeave
	case change == Replaced:
		return ActionReplace
	case effect == reconcile.Leaves:
		return ActionLeave
	case effect == reconcile.Drains:
		return ActionDrain
	case effect == reconcile.Joins, effect == reconcile.Restarts && !serves:
		return ActionRepair
	case effect == reconcile.Restarts:
		return ActionRestart
	case effect == reconcile.Reloads:
		return ActionReload
	}
	return ActionChange
}

// absence returns how many members are missing because of the action while it is done,
// and how many there are more after it.
func (n NodeRollout) absence(serves bool) (out, back int) {
	if serves {
		switch n.Action {
		case ActionRestart, ActionReplace:
			return 1, 1
		case ActionLeave, ActionDrain:
			return 1, 0
		case ActionJoin, ActionReload, ActionRepair, ActionChange:
		}
		return 0, 0
	}
	switch n.Action {
	case ActionJoin, ActionReplace, ActionRepair:
		return 0, 1
	case ActionLeave, ActionRestart, ActionReload, ActionDrain, ActionChange:
	}
	return 0, 0
}
