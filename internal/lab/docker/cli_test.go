package docker

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// client returns a CLI whose program is a shell script.
func client(t *testing.T, script string) CLI {
	t.Helper()
	program := filepath.Join(t.TempDir(), "docker")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return CLI{Path: program}
}

func TestRun(t *testing.T) {
	out, err := client(t, `echo "  $*  "; echo noise >&2`).Run(t.Context(), "ps", "--all")
	if out != "ps --all" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	names, err := client(t, `printf 'a\n\nb\n'`).Names(t.Context(), "ps")
	if diff := cmp.Diff([]string{"a", "b"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	fed, err := client(t, "cat").Feed(t.Context(), strings.NewReader("data\n"), "cp")
	if string(fed) != "data\n" || err != nil {
		t.Errorf("%q, %v", fed, err)
	}
}

func TestError(t *testing.T) {
	_, err := client(t, `echo "No such container" >&2; exit 7`).Run(t.Context(),
		"exec", "x", "sh", "-c", "first\nsecond", "five", "six", "seven")
	var failed *Error
	if !errors.As(err, &failed) || failed.ExitCode != 7 {
		t.Fatalf("%#v", err)
	}
	if diff := cmp.Diff("docker exec x sh -c first … five …: No such container", err.Error()); diff != "" {
		t.Error(diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client(t, "exit 1").Run(ctx, "ps"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not say that it was canceled", err)
	}
	if _, err := (CLI{Path: "/nonexistent/docker"}).Run(t.Context(), "ps"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v does not say that there is no client", err)
	}
}

func TestEnsure(t *testing.T) {
	if err := client(t, "echo 20.10").Ensure(t.Context(), t.TempDir(), io.Discard); err != nil {
		t.Error(err)
	}
	// An engine elsewhere is nobody's to start.
	t.Setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
	err := client(t, "echo refused >&2; exit 1").Ensure(t.Context(), t.TempDir(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "DOCKER_HOST") {
		t.Error(err)
	}
}
