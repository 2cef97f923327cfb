// Package tiertest has what the tests of all tiers use: it compares what a plan says of
// a change with what is wanted.
package tiertest
