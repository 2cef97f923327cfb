// Package hosttest simulates Debian machines for tests.
//
// A [Machine] is a [host.Runner] that keeps files, packages, units, users and a
// clock in memory. It understands every command that package host makes and
// answers all others through handlers that a test registers by label, so that
// the simulator of a daemon is a handful of functions. A command that nobody
// knows fails the test.
//
// Machines made together by [Cluster] share one lock, and every command runs
// under it from beginning to end. A handler or hook may therefore read and
// change any of these machines, and its own state, without further locking; it
// must not block, and must not call [Machine.Run] but [Machine.Call]. A test
// that looks at a machine while commands may still run uses [Machine.Locked].
package hosttest
