// Package floatingiptest simulates Keepalived on the machines of package
// hosttest: instances that elect a holder, packet filters and the files that
// package floatingip writes. It knows paths and labels by their spelling, so that
// the tests of package floatingip itself can import it.
package floatingiptest
