package host

import (
	"context"
	"embed"
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

//go:embed scripts/*.sh
var scripts embed.FS

// Host is a machine that can be changed.
type Host struct {
	View
	packages PackageManager
}

// New returns the machine that runner reaches, under the user's key for it.
func New(name string, runner Runner) *Host {
	return &Host{View: View{name: name, runner: runner}, packages: Apt{}}
}

// Run runs a command that may change the machine.
func (h *Host) Run(ctx context.Context, command shell.Command) (shell.Result, error) {
	return h.runner.Run(ctx, command)
}

// do runs a command for its effect and says what could not be done.
func (h *Host) do(ctx context.Context, what string, command shell.Command) error {
	if _, err := h.runner.Run(ctx, command); err != nil {
		return fmt.Errorf("cannot %s on %s: %w", what, h.name, err)
	}
	return nil
}
