package shell

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Part is one named question of a [Batch].
type Part struct {
	Name    string
	Command Command
}

// Ask returns the part that runs text with args and files its answer under name.
func Ask(name string, text Text, args ...string) Part {
	return Part{Name: name, Command: Script(text, args...)}
}

// Answer is what one part of a batch printed, without trailing newlines.
type Answer struct {
	Status int
	Out    string
}

// Answers holds the answers of a batch by the names of its parts.
type Answers map[string]Answer

// OK reports whether the named part ran and exited with zero.
func (a Answers) OK(name string) bool {
	answer, found := a[name]
	return found && answer.Status == 0
}

// Lines returns the non-empty lines of the named part's output.
func (a Answers) Lines(name string) []string {
	var lines []string
	for line := range strings.Lines(a[name].Out) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// The frame around the parts of a batch, which [ParseLine] recognizes. A part runs
// in a subshell of the batch and not in a shell of its own: to start one is most
// of what a short question costs a machine.
const (
	batchLabel  = ": batch\n"
	partBegin   = "answer=$({ set "
	partText    = "; eval "
	partSilence = `; } 2>/dev/null </dev/null); answered=$?; printf '%s %s %s\n%s\n' `
	partEnd     = ` "$answered" "${#answer}" "$answer"` + "\n"
)

// Batch returns one command that asks every part in turn, so that a machine is
// asked everything in one round trip. Standard error of the parts is dropped;
// a part that wants it says so with "2>&1". [ParseBatch] reads the output.
func Batch(parts ...Part) Command {
	var b strings.Builder
	b.WriteString(batchLabel)
	for _, part := range parts {
		words := Join(append([]string{"--"}, part.Command.args...)...)
		// In the C locale ${#answer} counts bytes, which frames the answer whatever it holds.
		b.WriteString(partBegin + words + partText + Quote(string(part.Command.text)) + partSilence + Quote(part.Name) + partEnd)
	}
	return Command{text: Text(b.String()), parts: parts}
}

// ParseBatch reads the output of a [Batch]. The answers are [Printable]: they end in
// plans and messages.
func ParseBatch(out []byte) (Answers, error) {
	answers := Answers{}
	for len(out) > 0 {
		head, rest, found := bytes.Cut(out, []byte("\n"))
		if !found {
			return nil, fmt.Errorf("cannot read answers: no end of line after %q", Tail(string(out), 80))
		}
		fields := strings.Fields(string(head))
		if len(fields) != 3 {
			return nil, fmt.Errorf("cannot read answers: %q is not a name, a status and a length", Tail(string(head), 80))
		}
		status, err1 := strconv.Atoi(fields[1])
		length, err2 := strconv.Atoi(fields[2])
		if err1 != nil || err2 != nil || length < 0 || length >= len(rest) || rest[length] != '\n' {
			return nil, fmt.Errorf("cannot read answers: the answer to %q is cut short", fields[0])
		}
		answers[fields[0]] = Answer{Status: status, Out: Printable(string(rest[:length]))}
		out = rest[length+1:]
	}
	return answers, nil
}
