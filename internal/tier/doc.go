// Package tier is the contract that every kind of cluster keeps, without
// Terraform: a tier is a list of concerns, such as packages, configuration and
// membership. A [Concern] says what it asks of a machine, how it reads the answers
// and what it plans. The tier asks for all of its concerns in one command per
// machine ([Look]) and plans by walking the list ([Walk]), so the order in which
// things happen is on one screen.
//
// Nothing here changes a machine. What the concerns refuse is a
// [reconcile.RefusedError]; what is wrong with a configuration is a [Problem].
package tier
