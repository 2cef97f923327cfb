package tier

import "github.com/terraform-ha/terraform-provider-ha/internal/reconcile"

// Stages collects the steps of a plan while the concerns are walked. The stages
// are named beforehand, in the order in which they are carried out, and each
// concern adds to those that it has work for.
type Stages[T any] struct {
	stages []*Stage[T]
}

// Stage is one stage of a plan that is being made.
type Stage[T any] struct {
	title string
	lanes []*lane[T]
	last  bool
}

type lane[T any] struct {
	node  string
	steps reconcile.Lane[T]
}

// Add appends a stage, which is left out of the plan if it stays empty.
func (s *Stages[T]) Add(title string) *Stage[T] {
	stage := &Stage[T]{title: title}
	s.stages = append(s.stages, stage)
	return stage
}

// AddLast appends a stage that waits until no other one is left, see [reconcile.Stage].
func (s *Stages[T]) AddLast(title string) *Stage[T] {
	stage := s.Add(title)
	stage.last = true
	return stage
}

// Plan returns what was collected.
func (s *Stages[T]) Plan() reconcile.Plan[T] {
	var plan reconcile.Plan[T]
	for _, stage := range s.stages {
		var lanes []reconcile.Lane[T]
		for _, lane := range stage.lanes {
			lanes = append(lanes, lane.steps)
		}
		if stage.last {
			plan.Last(stage.title, lanes...)
		} else {
			plan.Parallel(stage.title, lanes...)
		}
	}
	return plan
}

// On appends steps to the lane of a node. Lanes run side by side, the steps of one
// after each other.
func (s *Stage[T]) On(node string, steps ...reconcile.Step[T]) {
	for _, lane := range s.lanes {
		if lane.node == node {
			lane.steps = append(lane.steps, steps...)
			return
		}
	}
	s.lanes = append(s.lanes, &lane[T]{node: node, steps: steps})
}

// InOrder appends steps of a stage that does one thing after the other.
func (s *Stage[T]) InOrder(steps ...reconcile.Step[T]) { s.On("", steps...) }

// Empty reports whether nothing was added.
func (s *Stage[T]) Empty() bool {
	for _, lane := range s.lanes {
		if len(lane.steps) > 0 {
			return false
		}
	}
	return true
}
