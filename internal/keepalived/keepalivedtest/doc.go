// Package keepalivedtest simulates Keepalived on the machines of package
// hosttest: instances that elect a holder, packet filters and the files that
// package keepalived writes. It knows paths and labels by their spelling, so that
// the tests of package keepalived itself can import it.
package keepalivedtest
