package host

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	detachedScript = shell.Embedded(scripts, "detached")
	progressScript = shell.Embedded(scripts, "work-progress")
)

// RunDetached runs long work under systemd on the machine itself, so that it
// outlives this connection and this process. Asked for the same work again
// while it still runs, it attaches to it instead of starting it twice; a call
// whose connection broke fetches the result even if the work has ended since.
// The work is named by its text, so it must not read standard input.
func (h *Host) RunDetached(ctx context.Context, what string, work shell.Command) error {
	sum := sha256.Sum256([]byte(work.Line()))
	unit := "ha-work-" + hex.EncodeToString(sum[:6])
	attach := shell.Script(detachedScript, unit, work.Line(), rand.Text())
	return reconcile.TellMeanwhile(ctx, func(ctx context.Context) string {
		said, err := h.runner.Run(ctx, shell.Script(progressScript, unit))
		if err != nil {
			return ""
		}
		return progressOf(string(said.Stdout))
	}, func(ctx context.Context) error { return h.attached(ctx, what, attach) })
}

// progressOf reads what work said last of its progress. That of apt is
// "pmstatus:mariadb-server:45.1:Unpacking mariadb-server (amd64)", or "dlstatus" while it
// downloads (apt's documentation, README.progress-reporting).
func progressOf(line string) string {
	line = strings.TrimSpace(line)
	fields := strings.SplitN(line, ":", 4)
	if len(fields) < 4 || fields[0] != "pmstatus" && fields[0] != "dlstatus" {
		return line
	}
	percent, _, _ := strings.Cut(fields[2], ".")
	return fmt.Sprintf("%s, %s %%", fields[3], percent)
}

// attached waits for the end of detached work.
func (h *Host) attached(ctx context.Context, what string, attach shell.Command) error {
	const reattach = 5
	for try := 1; ; try++ {
		_, err := h.runner.Run(ctx, attach)
		if err == nil {
			return nil
		}
		// The connection broke, the work did not: look again.
		if IsUnreachable(err) && ctx.Err() == nil && try < reattach {
			pause(ctx, 2*time.Second)
			continue
		}
		return fmt.Errorf("cannot %s on %s: %w", what, h.name, err)
	}
}

// pause waits out a moment in which the machine is not worth asking.
func pause(ctx context.Context, moment time.Duration) {
	timer := time.NewTimer(moment)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
