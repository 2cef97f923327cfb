package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

// Demo is the example site in a lab.
type Demo struct {
	// Root is the checkout that the providers, modules and example come from.
	Root string
	// Folder is the lab's.
	Folder region.Folder
	// Settings are the running lab's.
	Settings region.Settings
	// Docker reaches the lab's machines.
	Docker docker.CLI
	// Stdout takes what was asked for, Progress what happens meanwhile.
	Stdout, Progress io.Writer
}

// folder is where everything of the demo lies, besides the providers, which
// outlive it.
func folder(lab region.Folder) string { return filepath.Join(lab.Path, "demo") }

func (d Demo) path(name string) string { return filepath.Join(folder(d.Folder), name) }

// work is the folder in which Terraform runs.
func (d Demo) work() string { return d.path("examples/website") }

// Remove takes away the demo's files; its machines are the lab's.
func Remove(lab region.Folder) error {
	if err := os.RemoveAll(folder(lab)); err != nil {
		return fmt.Errorf("cannot remove the demo's files: %w", err)
	}
	return nil
}

// Up builds the site, or makes it again what it should be.
func (d Demo) Up(ctx context.Context) error {
	started := time.Now()
	if err := d.Prepare(ctx); err != nil {
		return err
	}
	terraform, err := d.terraform()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.Progress, "demo: %4.0fs terraform apply\n", time.Since(started).Seconds())
	if err := terraform.apply(ctx); err != nil {
		return err
	}
	url, err := terraform.output(ctx, "url")
	if err != nil {
		return err
	}
	if err := answers(ctx, url); err != nil {
		return err
	}
	fmt.Fprintf(d.Progress, nextSteps, time.Since(started).Round(time.Second), url, d.program())
	return nil
}

// Prepare makes everything that an apply needs, and applies nothing.
func (d Demo) Prepare(ctx context.Context) error {
	if _, err := EnsureProgram(ctx, d.Folder, d.Progress); err != nil {
		return err
	}
	terraform, err := d.terraform()
	if err != nil {
		return err
	}
	started := time.Now()
	for _, step := range []struct {
		title string
		do    func() error
	}{
		{"building the providers", func() error { return d.mirror(ctx) }},
		{"laying out the example", d.layOut},
		{"terraform init", func() error { return terraform.init(ctx) }},
	} {
		fmt.Fprintf(d.Progress, "demo: %4.0fs %s\n", time.Since(started).Seconds(), step.title)
		if err := step.do(); err != nil {
			return err
		}
	}
	return nil
}

// Terraform returns a command that runs Terraform, or OpenTofu, on the site with
// everything in its environment that the site needs.
func (d Demo) Terraform(ctx context.Context, args ...string) (*exec.Cmd, error) {
	terraform, err := d.existing()
	if err != nil {
		return nil, err
	}
	return terraform.command(ctx, args...), nil
}

const nextSteps = `
The site is up after %[1]s: %[2]s

  make demo-status
      the health of every tier
  make demo-plan
      a second plan, which is empty
  %[3]s ps
      the machines and the NodeBalancer
  %[3]s ssh db1
      a root shell in one of them
  %[3]s fault poweroff db1
      cut its power; load the site; see make demo-status; "poweron" boots it
  make demo-down
      remove the site and its lab; the images stay for the next one

The containers may mount file systems, so root in one is nearly root on this
computer. Do not give others access to them.
`

// program is this program as a person would call it.
func (d Demo) program() string {
	program, err := os.Executable()
	if err != nil {
		return "lab"
	}
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, program); err == nil && len(short) < len(program) {
			return short
		}
	}
	return program
}

// ErrNoDemo says that there is no site yet.
var ErrNoDemo = errors.New("there is no site here: build it with \"make demo\"")

func (d Demo) existing() (terraform, error) {
	if _, err := os.Stat(filepath.Join(d.work(), ".terraform")); err != nil {
		return terraform{}, ErrNoDemo
	}
	return d.terraform()
}

// Output returns an output of the site.
func (d Demo) Output(ctx context.Context, name string) (string, error) {
	terraform, err := d.existing()
	if err != nil {
		return "", err
	}
	return terraform.output(ctx, name)
}

// Passwords returns the passwords of WordPress's administrator, who is [Administrator],
// and of its database account.
func (d Demo) Passwords() (administrator, database string, err error) {
	known, err := d.ensureSecrets()
	return known.Admin, known.Database, err
}

// Administrator is the name of WordPress's first administrator.
const Administrator = "website-admin"

// URL prints the site's address and nothing else.
func (d Demo) URL(ctx context.Context) error {
	terraform, err := d.existing()
	if err != nil {
		return err
	}
	url, err := terraform.output(ctx, "url")
	if err != nil {
		return err
	}
	fmt.Fprintln(d.Stdout, url)
	return nil
}

// Plan runs Terraform's plan, whose exit status tells whether it is empty: 0
// means that it is, 2 that something would change.
func (d Demo) Plan(ctx context.Context) error {
	terraform, err := d.existing()
	if err != nil {
		return err
	}
	args := []string{"plan", "-detailed-exitcode", "-input=false"}
	if file, ok := d.Stdout.(*os.File); !ok || !isatty.IsTerminal(file.Fd()) {
		args = append(args, "-no-color")
	}
	plan := terraform.command(ctx, args...)
	plan.Stdin, plan.Stdout, plan.Stderr = os.Stdin, d.Stdout, d.Progress
	err = plan.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 {
		return fmt.Errorf("the plan is not empty: %w", err)
	}
	return err
}
