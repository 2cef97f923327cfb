package gluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// busyPatience is how long another transaction may hold the lock. glusterd
// drops a lock by itself after three minutes.
const busyPatience = 200 * time.Second

// gluster runs a command line and takes its verdict. A lock that another
// transaction holds is waited for.
func gluster(ctx context.Context, h *host.Host, words ...string) (cliOutput, error) {
	var output cliOutput
	err := reconcile.WaitAtMost(ctx, busyPatience, "the lock of the pool", time.Second, func(ctx context.Context) (string, error) {
		var err error
		output, err = glusterOnce(ctx, h, words...)
		var failed *CommandError
		if errors.As(err, &failed) && failed.Busy() {
			return failed.Said, nil
		}
		if err != nil {
			return "", reconcile.Stop(err)
		}
		return "", nil
	})
	return output, err
}

// noPython is a place without Python's library. At each start the command line
// runs a Python program, gsyncd, to learn whether there is geo-replication, and
// that is three quarters of what a command costs a machine: 45 ms of 60. Without
// its library Python says no at once.
const noPython = "/nonexistent"

func glusterOnce(ctx context.Context, h *host.Host, words ...string) (cliOutput, error) {
	result, err := h.Run(ctx, shell.Script(`: gluster
PYTHONHOME=`+noPython+` gluster --mode=script --xml "$@"`, words...))
	said := result.Stdout
	var exit *shell.ExitError
	if errors.As(err, &exit) {
		said = exit.Stdout
	} else if err != nil {
		return cliOutput{}, fmt.Errorf("cannot run gluster %s on %s: %w", strings.Join(words, " "), h.Name(), err)
	}
	// Errors are on standard output as well; what Python complains of is not.
	output, err := parseOutput(string(said))
	var failed *CommandError
	if errors.As(err, &failed) {
		failed.Args = words
	}
	return output, err
}

// transaction is [gluster] for what changes the whole pool: every peer has to be
// connected, or it hangs for two minutes and leaves its lock behind.
func transaction(ctx context.Context, h *host.Host, words ...string) error {
	status, err := gluster(ctx, h, "peer", "status")
	if err != nil {
		return err
	}
	for _, peer := range status.peers() {
		if !peer.Healthy() {
			return &reconcile.RefusedError{
				What: "run gluster " + strings.Join(words, " "), Node: h.Name(),
				Evidence: []string{peerProblem(strings.Join(peer.Names, " "), peer)},
				Remedy:   "Bring the peer back first.",
			}
		}
	}
	_, err = gluster(ctx, h, words...)
	return err
}

func peerProblem(name string, peer Peer) string {
	if !peer.Connected {
		return fmt.Sprintf("peer %s is disconnected", name)
	}
	return fmt.Sprintf("peer %s is in state %q", name, peer.StateName)
}
