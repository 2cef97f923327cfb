package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

// opentofu is what is built where neither Terraform nor OpenTofu is installed.
// It comes as a Go module, checked against Go's checksum database, so that it
// needs nothing but Go.
const opentofu = "github.com/opentofu/opentofu@v1.12.6"

func builtProgram(lab region.Folder) string { return filepath.Join(lab.Path, "bin", "tofu") }

// Program returns the path of a Terraform or OpenTofu: the one that
// LAB_TERRAFORM names, else one in PATH, else one that was built in the lab's
// folder.
func Program(lab region.Folder) (string, error) {
	names := []string{"terraform", "tofu", builtProgram(lab)}
	if named := os.Getenv("LAB_TERRAFORM"); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if program, err := exec.LookPath(name); err == nil {
			return filepath.Abs(program)
		}
	}
	return "", fmt.Errorf("cannot find %s: install Terraform >= 1.11 (https://developer.hashicorp.com/terraform/install) "+
		"or OpenTofu >= 1.11 (https://opentofu.org/docs/intro/install), or name its program in LAB_TERRAFORM", strings.Join(names[:min(2, len(names))], " or "))
}

// EnsureProgram is like [Program] but builds OpenTofu where there is neither.
func EnsureProgram(ctx context.Context, lab region.Folder, progress io.Writer) (string, error) {
	found, missing := Program(lab)
	if missing == nil || os.Getenv("LAB_TERRAFORM") != "" {
		return found, missing
	}
	fmt.Fprintf(progress, "demo: building %s, because neither Terraform nor OpenTofu is installed (minutes, once)\n", opentofu)
	target := builtProgram(lab)
	if err := buildModule(ctx, opentofu, "./cmd/tofu", target); err != nil {
		return "", fmt.Errorf("%w; and so it failed to be built: %w", missing, err)
	}
	return target, nil
}

// EnsureOpenTofu returns the path of the OpenTofu in PATH, else of one that it builds in
// the lab's folder.
func EnsureOpenTofu(ctx context.Context, lab region.Folder, progress io.Writer) (string, error) {
	target := builtProgram(lab)
	for _, name := range []string{"tofu", target} {
		if program, err := exec.LookPath(name); err == nil {
			return filepath.Abs(program)
		}
	}
	fmt.Fprintf(progress, "building %s (minutes, once)\n", opentofu)
	return target, buildModule(ctx, opentofu, "./cmd/tofu", target)
}

// buildModule builds a program of a module as its authors do, with the
// replacements that "go install" would refuse.
func buildModule(ctx context.Context, module, pkg, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", module).Output()
	var downloaded struct{ Dir, Error string }
	if failed := json.Unmarshal(out, &downloaded); failed != nil || downloaded.Error != "" || err != nil {
		return fmt.Errorf("cannot download %s: %s: %w", module, downloaded.Error, err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-mod=readonly", "-ldflags", "-s -w", "-o", target+".new", pkg)
	build.Dir = downloaded.Dir
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %s: %w\n%s", module, err, bytes.TrimSpace(out))
	}
	return os.Rename(target+".new", target)
}
