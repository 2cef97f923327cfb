package shell

import (
	"strings"
	"time"
)

// execText is the script of every command that [New] returns.
const execText Text = `exec "$@"`

// Text is the text of a script. Only constants of this program may become one;
// data is passed as arguments, which the script reads as "$1", "$2" and "$@".
// The first line is a label, ": what-it-does", which the shell ignores and which
// a process list, a log and a simulator go by.
type Text string

// Command is one command for one machine: a script, its arguments and its
// standard input. The zero value is not a command; use [New] or [Script].
type Command struct {
	text  Text
	args  []string
	stdin []byte
	parts []Part
	limit time.Duration
}

// New returns the command that runs one program with the given arguments.
func New(program string, args ...string) Command {
	return Command{text: execText, args: append([]string{program}, args...)}
}

// Script returns the command that runs text under "sh" with args as its
// positional parameters.
func Script(text Text, args ...string) Command {
	return Command{text: text, args: args}
}

// WithStdin returns the command with data as its standard input. It is the way
// for secrets: standard input is in no process list, log or diagnostic.
func (c Command) WithStdin(data []byte) Command {
	c.stdin = data
	return c
}

// WithLimit returns the command with the time that a machine has for it once it is
// reached. One that takes longer counts as not reached.
func (c Command) WithLimit(limit time.Duration) Command {
	c.limit = limit
	return c
}

// Limit returns the time that a machine has for the command; 0 is any.
func (c Command) Limit() time.Duration { return c.limit }

// Stdin returns what the command reads.
func (c Command) Stdin() []byte { return c.stdin }

// Text returns the command's script.
func (c Command) Text() Text { return c.text }

// Args returns the command's positional parameters.
func (c Command) Args() []string { return c.args }

// Label returns what the script's first line calls it; for a command made by
// [New], the program's name.
func (c Command) Label() string {
	if c.text == execText {
		return c.args[0]
	}
	first, _, _ := strings.Cut(string(c.text), "\n")
	label, _ := strings.CutPrefix(first, ": ")
	return label
}

// Parts returns the questions of a [Batch]; nil for any other command.
func (c Command) Parts() []Part { return c.parts }

// Line returns the command as one line for the login shell of a machine,
// whichever shell that is: words of POSIX quoting that start "sh". The locale
// is fixed because the output is read by a program.
func (c Command) Line() string {
	words := []string{"env", "LC_ALL=C", "sh", "-c", string(c.text), "sh"}
	return Join(append(words, c.args...)...)
}

// String returns the command as a person would write it, for messages.
func (c Command) String() string {
	if c.text == execText {
		return Join(c.args...)
	}
	if label := c.Label(); label != "" {
		return strings.TrimSpace(label + " " + Join(c.args...))
	}
	return "sh -c " + Join(append([]string{string(c.text), "sh"}, c.args...)...)
}
