package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// CLI runs commands of the Docker client. The zero value uses the "docker"
// that is found in PATH.
type CLI struct {
	// Path is the client's program; empty means "docker".
	Path string
}

// Error is a client's command that ended with a failure.
type Error struct {
	// Args are the command's arguments, without the program.
	Args []string
	// ExitCode is the exit status of the client, or -1 where it did not run.
	ExitCode int
	// Stderr is what the command said about the failure.
	Stderr string
	// Err is the cause as os/exec or the context reports it.
	Err error
}

// Error names the command and the last lines that it wrote.
func (e *Error) Error() string {
	detail := lastLines(e.Stderr, 6)
	if detail == "" {
		detail = e.Err.Error()
	}
	return fmt.Sprintf("docker %s: %s", summary(e.Args), detail)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Run runs one command and returns its standard output without surrounding
// white space.
func (c CLI) Run(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	err := c.Stream(ctx, nil, &out, args...)
	return strings.TrimSpace(out.String()), err
}

// Feed runs one command with stdin as its standard input and returns its
// standard output as it is.
func (c CLI) Feed(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := c.Stream(ctx, stdin, &out, args...)
	return out.Bytes(), err
}

// Stream runs one command with stdin as its standard input and writes its
// standard output to stdout while it runs.
func (c CLI) Stream(ctx context.Context, stdin io.Reader, stdout io.Writer, args ...string) error {
	var stderr bytes.Buffer
	command := exec.CommandContext(ctx, c.program(), args...)
	command.Stdin, command.Stdout, command.Stderr = stdin, stdout, &stderr
	// A reader that never ends must not outlive the client.
	command.WaitDelay = 5 * time.Second
	err := command.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return &Error{Args: args, ExitCode: exitCode(err), Stderr: stderr.String(), Err: err}
}

// Names returns the lines that a listing command prints, without empty ones.
func (c CLI) Names(ctx context.Context, args ...string) ([]string, error) {
	out, err := c.Run(ctx, args...)
	if err != nil {
		return nil, err
	}
	return strings.Fields(out), nil
}

func (c CLI) program() string {
	if c.Path == "" {
		return "docker"
	}
	return c.Path
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// summary keeps an error readable: a "docker create" has forty arguments, and
// an argument may be a script.
func summary(args []string) string {
	const most = 6
	words := make([]string, 0, most+1)
	for number, arg := range args {
		if number == most {
			return strings.Join(append(words, "…"), " ")
		}
		if line, _, found := strings.Cut(arg, "\n"); found {
			arg = line + " …"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

func lastLines(text string, most int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	return strings.Join(lines, "; ")
}
