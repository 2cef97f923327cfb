package shell

import (
	"fmt"
	"strings"
)

// Result is what a command left behind.
type Result struct {
	Stdout []byte
	Stderr []byte
	// Truncated says that output beyond the runner's bound was dropped.
	Truncated bool
}

// ExitError says that a command ran and ended with a status other than zero.
type ExitError struct {
	Node    string
	Command Command
	// Status is the exit status; 128 plus the number for a signal.
	Status int
	Stdout []byte
	Stderr []byte
}

// Error gives the status and the end of what the command said: the reason
// usually comes last.
func (e *ExitError) Error() string {
	said := strings.TrimSpace(string(e.Stderr))
	if said == "" {
		said = strings.TrimSpace(string(e.Stdout))
	}
	said = Printable(Tail(said, 600))
	if said == "" {
		return fmt.Sprintf("exit status %d", e.Status)
	}
	return fmt.Sprintf("exit status %d: %s", e.Status, said)
}

// Tail returns the last bytes of s, at most so many: the reason usually comes last.
func Tail(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return "… " + s[len(s)-most:]
}
