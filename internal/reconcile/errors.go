package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// RefusedError says that a plan was not made because carrying it out could do
// harm. Nothing was changed.
type RefusedError struct {
	// What names what was not done: "bootstrap the cluster".
	What string
	// Node is the machine that the evidence is about; may be empty.
	Node string
	// Evidence is what was observed, a line each. A line that begins with two spaces is
	// the row of a table: it stays a line of its own, below the others.
	Evidence []string
	// Remedy tells the user what to do about it.
	Remedy string
	// Causes are why machines did not answer, which the evidence tells in words.
	Causes []error
	// Path leads to the attribute that can cure it, outermost first; may be empty.
	Path []string
}

// Error gives refusal, evidence and remedy.
func (e *RefusedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "refused to %s", e.What)
	if e.Node != "" {
		fmt.Fprintf(&b, " on %s", e.Node)
	}
	said, rows := e.evidence()
	if len(e.Evidence) > 0 {
		b.WriteString(strings.TrimRight(": "+strings.Join(said, "; "), " "))
	}
	switch {
	case len(rows) > 0:
		fmt.Fprintf(&b, "\n\n%s\n\n%s", strings.Join(rows, "\n"), e.Remedy)
	case e.Remedy != "":
		fmt.Fprintf(&b, ". %s", e.Remedy)
	}
	return strings.TrimSpace(b.String())
}

// evidence returns the sentences, and the rows of tables.
func (e *RefusedError) evidence() (said, rows []string) {
	for _, line := range e.Evidence {
		if strings.HasPrefix(line, "  ") {
			rows = append(rows, line)
		} else {
			said = append(said, line)
		}
	}
	return said, rows
}

// StepError says which step failed and which had been done before it.
type StepError struct {
	Node      string
	Title     string
	Completed []string
	Err       error
}

// Error names the step, the machine and the cause.
func (e *StepError) Error() string {
	if e.Node == "" {
		return fmt.Sprintf("cannot %s: %v", e.Title, e.Err)
	}
	return fmt.Sprintf("cannot %s on %s: %v", e.Title, e.Node, e.Err)
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// NotConvergedError says that the steps succeeded and the machines still differ
// from what is wanted.
type NotConvergedError struct {
	Rounds int
	// Left is what was still to be done.
	Left []string
}

// Error lists what is left.
func (e *NotConvergedError) Error() string {
	return fmt.Sprintf("cannot converge after %d rounds; still to be done: %s", e.Rounds, strings.Join(e.Left, "; "))
}

// WaitError says that a named condition did not come true in time.
type WaitError struct {
	What string
	// Reason is why it was not true when it was last checked.
	Reason string
	// Waited is for how long.
	Waited fmt.Stringer
	Err    error
}

// Error gives the condition and the last reason.
func (e *WaitError) Error() string {
	if errors.Is(e.Err, context.Canceled) {
		return fmt.Sprintf("waited %s for %s and was interrupted: %s", e.Waited, e.What, e.Reason)
	}
	return fmt.Sprintf("waited %s for %s: %s", e.Waited, e.What, e.Reason)
}

// Unwrap returns the cause, which is the context's error.
func (e *WaitError) Unwrap() error { return e.Err }
