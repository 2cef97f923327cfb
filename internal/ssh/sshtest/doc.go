// Package sshtest is an SSH server inside the test process, for the tests of
// every layer that reaches machines. It answers commands from a function or
// through the real /bin/sh, forwards connections as a bastion does, and fails
// in the ways that machines fail.
package sshtest
