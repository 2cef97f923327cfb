// Package bench measures the example site in the lab: how long it takes to
// build, beside the same work by raw parallel shell in the same run, what a plan costs that
// finds nothing to do and what its time is made of, and what the change of each node waits
// for when nodes are changed one after the other. It also plans an estate of simulated machines, which
// needs no lab. It has benchmarks only and fails for no
// figure: computers differ.
package bench
