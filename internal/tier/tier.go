package tier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Tier is one cluster as a resource works with it, whatever the cluster is made of.
// It keeps its last observation: what it says of the machines is from then.
type Tier interface {
	// Observe looks at the machines and keeps what it saw.
	Observe(ctx context.Context)
	// Unreachable returns the machines that did not answer, and why.
	Unreachable() map[string]error
	// Absent reports that every machine answered and none knows the cluster.
	Absent() bool
	// Drift returns what a plan would repair, as sentences by node. An error is a
	// refusal to plan.
	Drift() (map[string][]string, error)
	// Record returns the last observation as text, and Replay takes one that was recorded.
	Record() (string, error)
	Replay(text string) error
	// Rollout says what a change does to the machines, from the last observation; nil
	// where that cannot be said. Nodes are those before and after the change.
	Rollout(nodes []Node) *Rollout
	// RollWith says how nodes are changed one after the other, and Postponed returns
	// those that a change has left to the next one.
	RollWith(rolling Rolling)
	Postponed() []string
	// Departing returns the machines that a change has left in the cluster until another
	// tier has let go of them.
	Departing() []string
	// Alone reports whether nobody but the declared nodes can be in the cluster any more, as
	// they see it.
	Alone() bool
	// LeftOver says what a change leaves to be done on a machine that does not answer.
	LeftOver() string
	// Notices returns what a user should know and no plan changes.
	Notices() []string
	// Health returns how the cluster was when it was observed last.
	Health() Health
	// Converge changes the machines until they are as declared, and verifies that.
	Converge(ctx context.Context, reporter reconcile.Reporter) error
	// Remove takes the cluster off its machines, with its data if wipe is set.
	Remove(ctx context.Context, wipe bool, reporter reconcile.Reporter) error
}

// Definition is what the package of a tier says of one cluster. Observations have
// type S, and steps act on a T. The functions without a comment on nil are required.
type Definition[S, T any] struct {
	// Target is what the steps act on.
	Target T
	// Observe looks at the machines and changes nothing.
	Observe func(ctx context.Context) S
	// Unreachable returns the machines that did not answer, and why.
	Unreachable func(S) map[string]error
	// Absent reports that no machine that answered knows the cluster.
	Absent func(S) bool
	// Diff plans the way from an observation to what is declared.
	Diff func(S) (reconcile.Plan[T], error)
	// Verify waits until the cluster is as declared; its error is the last reason
	// why it is not.
	Verify func(ctx context.Context) error
	// Remove plans how the cluster is taken off its machines.
	Remove func(seen S, wipe bool) (reconcile.Plan[T], error)
	// Finish does what is left once the cluster is as declared; nil for nothing.
	Finish func(ctx context.Context) error
	// Notices returns what a user should know and no plan changes; nil for nothing.
	Notices func(S) []string
	// Foresee returns what an observation tells about a change beforehand; nil for
	// nothing.
	Foresee func(S) Foresight
	// Assume returns an observation as it would be with other machines, see [Assume].
	Assume func(seen S, nodes []Node) S
	// Unasked returns the machines of which something has to be known that nobody asked of
	// them, because what was declared then had no need of it; nil where what is asked does
	// not depend on what is declared, or where what was not asked counts as missing. Machines
	// that did not answer may be among them.
	Unasked func(S) []string
	// Health says how the cluster is that was seen. It is pure; nil for a tier that has
	// nothing to say.
	Health func(S) Health
	// Departing returns the machines that are still in the cluster until another tier has
	// let go of them; nil for a tier that waits for nobody.
	Departing func(S) []string
	// Alone reports whether no other machines can be in the cluster than those observed; nil
	// where that is so at any time.
	Alone func(S) bool
	// LeftOver says what a change leaves to be done on a machine that does not answer;
	// empty for all of the change.
	LeftOver string
	// RefusalIsNoDrift says that a refusal is a warning and no drift: what only a
	// person can cure then plans no update that fails at each apply, unless a change
	// of the configuration needs it.
	RefusalIsNoDrift bool
}
