//go:build generate

// Package tools is a module of its own for the programs that make the project
// and are no part of it, so that what they need does not mix with what the
// provider needs.
package tools

//go:generate go -C .. run ./internal/docstest/cmd/docs
