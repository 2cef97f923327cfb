package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// terraform runs Terraform, or OpenTofu, on the example.
type terraform struct {
	demo        Demo
	program     string
	environment []string
}

func (d Demo) terraform() (terraform, error) {
	program, err := Program(d.Folder)
	if err != nil {
		return terraform{}, err
	}
	if err := os.MkdirAll(folder(d.Folder), 0o700); err != nil {
		return terraform{}, fmt.Errorf("cannot make the demo's folder: %w", err)
	}
	environment, err := d.environment()
	return terraform{d, program, environment}, err
}

func (t terraform) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, t.program, args...)
	command.Dir, command.Env = t.demo.work(), t.environment
	// Terraform ends what it has begun and saves its state; when the user
	// presses Ctrl-C in a terminal it gets the signal itself, too.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 2 * time.Minute
	return command
}

// init installs the providers. The lock file is made anew each time: a provider
// that was just built is not the one that was locked.
func (t terraform) init(ctx context.Context) error {
	lock := filepath.Join(t.demo.work(), ".terraform.lock.hcl")
	if err := os.Remove(lock); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot unlock the providers: %w", err)
	}
	if out, err := t.command(ctx, "init", "-input=false", "-no-color").CombinedOutput(); err != nil {
		return fmt.Errorf("cannot initialize the example: %w\n%s", err, out)
	}
	return nil
}

// output returns one output of the site.
func (t terraform) output(ctx context.Context, name string) (string, error) {
	var stderr bytes.Buffer
	output := t.command(ctx, "output", "-no-color", "-raw", name)
	output.Stderr = &stderr
	out, err := output.Output()
	if err != nil {
		return "", fmt.Errorf("cannot read the site's output %s: %w: %s", name, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}

// apply applies and shows one line for each thing that begins or ends.
func (t terraform) apply(ctx context.Context) error {
	log, err := os.OpenFile(t.demo.path("apply.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot keep Terraform's log: %w", err)
	}
	defer log.Close()
	apply := t.command(ctx, "apply", "-json", "-auto-approve", "-input=false")
	apply.Stderr = t.demo.Progress
	out, err := apply.StdoutPipe()
	if err == nil {
		err = apply.Start()
	}
	if err != nil {
		return fmt.Errorf("cannot start Terraform: %w", err)
	}
	show(io.TeeReader(out, log), t.demo.Progress, time.Now())
	if err := apply.Wait(); err != nil {
		return fmt.Errorf("terraform apply has failed (all it said is in %s): %w", log.Name(), err)
	}
	return nil
}

// message is a line of Terraform's machine-readable output.
// https://developer.hashicorp.com/terraform/internals/machine-readable-ui
type message struct {
	Type       string `json:"type"`
	Text       string `json:"@message"`
	Diagnostic struct {
		Severity string `json:"severity"`
		Summary  string `json:"summary"`
		Detail   string `json:"detail"`
		Address  string `json:"address"`
	} `json:"diagnostic"`
}

// show writes what a person wants to see of Terraform's messages.
func show(messages io.Reader, to io.Writer, started time.Time) {
	lines := bufio.NewReader(messages)
	for {
		line, err := lines.ReadBytes('\n')
		if text := shown(line); text != "" {
			fmt.Fprintf(to, "terraform: %4.0fs %s\n", time.Since(started).Seconds(), text)
		}
		if err != nil {
			return
		}
	}
}

func shown(line []byte) string {
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return strings.TrimSpace(string(line))
	}
	switch m.Type {
	case "apply_start", "apply_progress", "apply_complete", "apply_errored", "change_summary":
		// Helpers of the modules that take no time, and the one module that
		// everything is in.
		if strings.Contains(m.Text, "terraform_data.") {
			return ""
		}
		return strings.TrimPrefix(m.Text, "module.website.")
	case "diagnostic":
		text := m.Diagnostic.Severity + ": " + m.Diagnostic.Summary
		if m.Diagnostic.Address != "" {
			text += " (" + m.Diagnostic.Address + ")"
		}
		if m.Diagnostic.Detail != "" {
			text += "\n    " + strings.ReplaceAll(m.Diagnostic.Detail, "\n", "\n    ")
		}
		return text
	}
	return ""
}
