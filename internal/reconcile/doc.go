// Package reconcile is how change happens, for every tier alike.
//
// A tier observes its machines, compares what it saw with what is wanted and
// gets a [Plan]: stages of lanes of steps. [Converge] runs the plan, observes
// again, and stops when nothing is left to do. An empty plan is the definition
// of converged; creating, updating, repairing and resuming are all this loop.
//
// The package knows no tier, no machine and no Terraform. The type parameter T
// is whatever the steps of a tier act upon.
package reconcile
