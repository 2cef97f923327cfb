package host

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var detachedScript = shell.Embedded(scripts, "detached")

// RunDetached runs long work under systemd on the machine itself, so that it
// outlives this connection and this process. Asked for the same work again
// while it still runs, it attaches to it instead of starting it twice; a call
// whose connection broke fetches the result even if the work has ended since.
// The work is named by its text, so it must not read standard input.
func (h *Host) RunDetached(ctx context.Context, what string, work shell.Command) error {
	sum := sha256.Sum256([]byte(work.Line()))
	unit := "ha-work-" + hex.EncodeToString(sum[:6])
	attach := shell.Script(detachedScript, unit, work.Line(), rand.Text())
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
