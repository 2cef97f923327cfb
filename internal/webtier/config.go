package webtier

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// pendingDirectory has a file for every service whose configuration was written
// and not loaded. It is in memory, because a boot loads what is on disk.
const pendingDirectory = "/run/terraform-ha/web-pending"

var pendingScript = shell.Embedded(scripts, "pending")

func askPending(Spec, string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("pending", pendingScript, pendingDirectory)}}
}

func readPending(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Pending = answers.Parts.Lines("pending")
}

// configure returns the command of one of the scripts that begin with [transaction].
func configure(script shell.Text, service string, files []host.File, more ...string) shell.Command {
	args := []string{pendingDirectory, service, fmt.Sprint(len(files))}
	var contents strings.Builder
	for _, file := range files {
		args = append(args, file.Path)
		contents.WriteString(base64.StdEncoding.EncodeToString(file.Content) + "\n")
	}
	return shell.Script(script, append(args, more...)...).WithStdin([]byte(contents.String()))
}

var resetFailedScript = shell.Embedded(scripts, "reset-failed")

// startService starts a unit that may have given up starting.
func startService(ctx context.Context, h *host.Host, unit string) error {
	if err := run(ctx, h, "reset "+unit, shell.Script(resetFailedScript, unit)); err != nil {
		return err
	}
	if err := h.EnableUnit(ctx, unit); err != nil {
		return err
	}
	return h.StartUnit(ctx, unit)
}
