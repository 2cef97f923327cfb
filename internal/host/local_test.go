package host_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// local runs commands on this machine under /bin/sh, with a directory of the
// test in the place of /run/terraform-ha.
type local struct {
	run string
	bin string
	// root has the files of the kernel and of apt in the place of the system's own; empty for those.
	root string
}

// newLocal returns the machine that the test itself runs on.
func newLocal(t *testing.T) local {
	t.Helper()
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skip("this system has no flock")
	}
	return local{run: filepath.Join(t.TempDir(), "run")}
}

// Run implements host.Runner.
func (l local) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	places := []string{"/run/terraform-ha", l.run, "/var/lib/terraform-ha/leases", l.run + "-carried"}
	if l.root != "" {
		for _, place := range []string{"/proc/", "/sys/", "/run/systemd/", "/var/lib/apt/", "/var/lib/dpkg/", "/var/lib/terraform-ha/reboot"} {
			places = append(places, place, l.root+place)
		}
	}
	line := strings.NewReplacer(places...).Replace(c.Line())
	command := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	command.Stdin = bytes.NewReader(c.Stdin())
	if l.bin != "" {
		command.Env = append(os.Environ(), "PATH="+l.bin+":"+os.Getenv("PATH"))
	}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return shell.Result{}, &shell.ExitError{Node: "local", Command: c, Status: exit.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	}
	if err != nil {
		return shell.Result{}, err
	}
	return shell.Result{Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, nil
}

// write gives the machine a file in the place of the system's own, and returns its path.
func (l *local) write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(l.root, name)
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte(content), 0o644))
	return file
}

// shim puts a program of this text before the system's own.
func (l *local) shim(t *testing.T, name, text string) {
	t.Helper()
	if l.bin == "" {
		l.bin = t.TempDir()
	}
	if err := os.WriteFile(filepath.Join(l.bin, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// whoami returns names that an unprivileged test may give files to.
func whoami(t *testing.T) (owner, group string) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	its, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return me.Username, its.Name
}

// states asks for files the way tiers do.
func states(t *testing.T, h *host.Host, paths ...string) map[string]host.FileState {
	t.Helper()
	answers, err := h.Ask(t.Context(), host.AskFiles("files", paths...))
	if err != nil {
		t.Fatal(err)
	}
	return host.ParseFiles(answers["files"])
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
