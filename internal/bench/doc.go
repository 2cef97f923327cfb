// Package bench measures the example site in the lab: how long it takes to
// build, beside the same work by raw parallel shell in the same run, and what a
// plan costs that finds nothing to do. It also plans an estate of simulated machines, which
// needs no lab. It has benchmarks only and fails for no
// figure: computers differ.
package bench
