package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/mattn/go-isatty"
)

// ssh opens a login shell past the machine's network and its sshd, so that it
// works on a machine that is cut off, too.
func ssh(ctx context.Context, c command) error {
	if len(c.args) == 0 {
		return usageError("lab ssh needs a machine's name")
	}
	found, err := c.find(ctx, c.args[0])
	if err != nil {
		return err
	}
	if found.State != "running" {
		return fmt.Errorf("cannot open a shell in %s: it is %s", display(found), found.State)
	}
	args := []string{"exec", "--interactive"}
	if isatty.IsTerminal(os.Stdin.Fd()) && isatty.IsTerminal(os.Stdout.Fd()) {
		args = append(args, "--tty", "--env", "TERM")
	}
	args = append(args, "--workdir", "/root", found.Name, "bash", "--login")
	if len(c.args) > 1 {
		// As ssh does it: the words are one line for the other side's shell.
		args = append(args, "-c", strings.Join(c.args[1:], " "))
	}
	return c.attached(ctx, args...)
}

// attached runs a command of the Docker client on this process's terminal.
func (c command) attached(ctx context.Context, args ...string) error {
	program := c.client.Path
	if program == "" {
		program = "docker"
	}
	run := exec.CommandContext(ctx, program, args...)
	// An interrupt is meant for the program in the terminal, which gets it too.
	run.Cancel = func() error { return nil }
	run.Stdin, run.Stdout, run.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := run.Run(); err != nil {
		return errors.Join(errSilent, err)
	}
	return nil
}
