package shelltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Parse has a shell read a script: dash, which is sh on Debian and Ubuntu, or what
// is sh here.
func Parse(ctx context.Context, text string) error {
	program, err := exec.LookPath("dash")
	if err != nil {
		program = "sh"
	}
	return read(exec.CommandContext(ctx, program, "-n"), text)
}

// Lint has shellcheck read a script under the rules of the repository's
// .shellcheckrc. It finds nothing where shellcheck is not installed.
func Lint(ctx context.Context, text string) error {
	return ifInstalled(read(exec.CommandContext(ctx, "shellcheck", "-"), text))
}

// LintFiles has shellcheck read files, which may include others of their folders.
func LintFiles(ctx context.Context, names ...string) error {
	return ifInstalled(read(exec.CommandContext(ctx, "shellcheck", names...), ""))
}

// Check is [Parse] and [Lint].
func Check(ctx context.Context, text string) error {
	if err := Parse(ctx, text); err != nil {
		return err
	}
	return Lint(ctx, text)
}

func read(command *exec.Cmd, text string) error {
	command.Stdin = strings.NewReader(text)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

func ifInstalled(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	}
	return err
}
