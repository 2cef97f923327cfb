// Package archtest has no code of its own: its tests hold the rules of the
// source tree. Who may import whom is read from `go list`; the rest from the
// syntax of every file.
package archtest
