// Package shell is the only place where text becomes a shell command.
//
// A command is a script whose text is a constant of this program, together
// with arguments that reach it as positional parameters. Data never becomes
// script text: [Text] is a type that only untyped constants convert to without
// saying so, and every argument is quoted. Secrets travel on standard input.
package shell
