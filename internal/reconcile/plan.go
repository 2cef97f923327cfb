package reconcile

import (
	"context"
	"slices"
)

// Step is the smallest act that can be checked and repeated.
type Step[T any] struct {
	// Node is the machine that the step changes; empty for the cluster.
	Node string
	// Title says what is done, in the infinitive: "start mariadb".
	Title string
	// Why is the observed difference that the step removes, as a sentence a
	// user can read: "mariadb is stopped". A step without a reason of its own,
	// such as a health gate, leaves it empty.
	Why string
	// Effect is what is noticed of the step while it is carried out.
	Effect Effect
	// Of are the nodes that the effect is on, for a step that changes several.
	Of []string
	// Roll is the node that is being changed, in a step that is part of the change of
	// nodes one after the other; RollEnds says that the node serves again after it.
	Roll     string
	RollEnds bool
	// Done reports that the step's work is already in place. It is asked right
	// before Do, because minutes can lie between the observation and the act.
	// Nil means that Do is safe to repeat.
	Done func(ctx context.Context, target T) (bool, error)
	// Do does it.
	Do func(ctx context.Context, target T) error
}

// Lane is a sequence of steps: one starts when the one before has succeeded.
type Lane[T any] []Step[T]

// Stage is a set of lanes that may run side by side. The next stage starts when
// every lane has succeeded. Rolling work is a stage with a single lane.
type Stage[T any] struct {
	Title string
	Lanes []Lane[T]
	// Last says that [Converge] carries the stage out when no other one is left, in this
	// round or a later one. It is for work that can fail for reasons that are no reason to
	// leave anything else undone.
	Last bool
}

// Plan is the ordered way from what was observed to what is wanted.
type Plan[T any] struct {
	Stages []Stage[T]
	// Outstanding is how many changes of the whole are left, in a tier that makes one with
	// each round or few: nodes that are to be replaced one after the other. [Converge] counts
	// rounds anew whenever there are fewer than ever before. Zero says nothing.
	Outstanding int
}

// Parallel appends a stage whose lanes run side by side. Lanes without steps
// are dropped, and so is a stage without lanes.
func (p *Plan[T]) Parallel(title string, lanes ...Lane[T]) {
	p.add(Stage[T]{Title: title, Lanes: lanes})
}

// Last appends a stage like [Plan.Parallel] that waits until no other one is left, see
// [Stage].
func (p *Plan[T]) Last(title string, lanes ...Lane[T]) {
	p.add(Stage[T]{Title: title, Lanes: lanes, Last: true})
}

func (p *Plan[T]) add(stage Stage[T]) {
	stage.Lanes = slices.DeleteFunc(slices.Clone(stage.Lanes), func(l Lane[T]) bool { return len(l) == 0 })
	if len(stage.Lanes) > 0 {
		p.Stages = append(p.Stages, stage)
	}
}

// round returns the plan without what waits until nothing else is left.
func (p Plan[T]) round() Plan[T] {
	first := slices.DeleteFunc(slices.Clone(p.Stages), func(s Stage[T]) bool { return s.Last })
	if len(first) > 0 {
		p.Stages = first
	}
	return p
}

// Serial appends a stage that does one step after the other.
func (p *Plan[T]) Serial(title string, steps ...Step[T]) {
	p.Parallel(title, Lane[T](steps))
}

// Empty reports whether nothing is to be done.
func (p Plan[T]) Empty() bool { return len(p.Stages) == 0 }

// Steps returns every step in the order of the stages and lanes.
func (p Plan[T]) Steps() []Step[T] {
	var steps []Step[T]
	for _, stage := range p.Stages {
		for _, lane := range stage.Lanes {
			steps = append(steps, lane...)
		}
	}
	return steps
}

// ClusterNode is the name under which [Plan.Drift] files what concerns no
// single machine.
const ClusterNode = "cluster"

// Drift returns the reasons of the steps by node: what a user reads as drift is
// exactly what the plan would repair.
func (p Plan[T]) Drift() map[string][]string {
	drift := map[string][]string{}
	for _, step := range p.Steps() {
		if step.Why == "" {
			continue
		}
		node := step.Node
		if node == "" {
			node = ClusterNode
		}
		if !slices.Contains(drift[node], step.Why) {
			drift[node] = append(drift[node], step.Why)
		}
	}
	return drift
}

// Titles returns "node: title" for every step, for logs and goldens.
func (p Plan[T]) Titles() []string {
	var titles []string
	for _, step := range p.Steps() {
		titles = append(titles, step.label())
	}
	return titles
}

func (s Step[T]) label() string {
	if s.Node == "" {
		return s.Title
	}
	return s.Node + ": " + s.Title
}
