package gluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// act is what a step does.
type act = func(ctx context.Context, hosts host.Hosts) error

func writeFile(node string, file host.File) act {
	return func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, file) }
}

func install(node string, packages []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return hosts[node].InstallPackages(ctx, packages, daemonUnit)
	}
}

func hold(node, volume string, packages []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return hosts[node].HoldPackages(ctx, markerKind+"-"+volume, packages...)
	}
}

func reloadSystemd(node string) act {
	return func(ctx context.Context, hosts host.Hosts) error { return hosts[node].ReloadSystemd(ctx) }
}

func enableDaemon(node string) act {
	return func(ctx context.Context, hosts host.Hosts) error { return hosts[node].EnableUnit(ctx, daemonUnit) }
}

// startShutdownUnit has nothing to do but to be active when the machine shuts down.
func startShutdownUnit(node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if err := hosts[node].ReloadSystemd(ctx); err != nil {
			return err
		}
		if err := hosts[node].EnableUnit(ctx, shutdownUnit); err != nil {
			return err
		}
		return hosts[node].StartUnit(ctx, shutdownUnit)
	}
}

// startDaemon starts or restarts glusterd and waits until it answers, which is
// also what makes it write down its identity. Debian's unit may start six times
// in an hour; after that it needs reset-failed.
func startDaemon(node, verb string) act {
	command := shell.Script(`: gluster-daemon
systemctl daemon-reload
systemctl reset-failed glusterd 2>/dev/null
case $(systemctl is-enabled glusterd 2>/dev/null) in
masked*) systemctl unmask --quiet glusterd; systemctl unmask --runtime --quiet glusterd ;;
esac
systemctl enable --quiet glusterd || exit 1
systemctl "$1" glusterd || { journalctl -n 15 --no-pager -o cat -u glusterd >&2; exit 1; }
n=0
until PYTHONHOME=`+noPython+` gluster --mode=script system:: uuid get >/dev/null 2>&1 && grep -q ^UUID= /var/lib/glusterd/glusterd.info; do
n=$((n + 1)); [ $n -lt 100 ] || { echo 'glusterd runs and does not answer' >&2; tail -n 15 /var/log/glusterfs/glusterd.log >&2; exit 1; }
sleep 0.3
done`, verb)
	return run(node, verb+" glusterd", command)
}

func run(node, what string, command shell.Command) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if _, err := hosts[node].Run(ctx, command); err != nil {
			return fmt.Errorf("cannot %s on %s: %w", what, node, err)
		}
		return nil
	}
}

// makeBrick makes the directory of a brick that nobody has used, after a last
// look at it: the observation may have been made before getfattr was there.
func makeBrick(node string, spec Spec) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		view := hosts[node].View
		seen, err := observeNode(ctx, view, spec, false)
		if err != nil {
			return err
		}
		if refused := newDiffer(spec, Status{}).refuseUsedBrick(seen); refused != nil {
			refused.Node = node
			return refused
		}
		return hosts[node].MakeDirectory(ctx, spec.pathOf(node), "0755", "root", "root")
	}
}

// cleanBrick takes the marks of a failed create off an empty directory. rmdir
// and the test right before keep data safe that came in the meantime.
func cleanBrick(node, path string) act {
	return run(node, "clean the brick", shell.Script(`: gluster-clean-brick
set -e
[ -z "$(find "$1" -mindepth 1 -maxdepth 1 ! -name .glusterfs -print -quit)" ] || { echo "$1 is not empty" >&2; exit 1; }
for a in trusted.glusterfs.volume-id trusted.gfid; do
getfattr --absolute-names -n "$a" -- "$1" >/dev/null 2>&1 || continue
setfattr -x "$a" -- "$1"
done
rm -rf -- "$1/.glusterfs"`, path))
}

func probe(from, address string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		_, err := gluster(ctx, hosts[from], "peer", "probe", address)
		return err
	}
}

// createVolume creates the volume after a last look at every brick, because
// creating is what makes a directory a brick for good.
func createVolume(spec Spec, leader string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		status := Observe(ctx, hosts.Views(), spec)
		d := newDiffer(spec, status)
		if err := d.refuse(); err != nil {
			return err
		}
		if d.exists {
			// An answer that was lost on the way: refuse() has found it to be ours.
			return nil
		}
		onRoot := false
		for _, name := range status.Names() {
			brick := status.Nodes[name].Brick
			if !brick.Exists || !brick.AttributesKnown || !brick.Virgin() {
				return &reconcile.RefusedError{What: "create volume " + spec.Name, Node: name, Evidence: []string{"the brick directory " + brick.Path + " is no longer an empty directory"}}
			}
			onRoot = onRoot || brick.OnRoot
		}
		return transaction(ctx, hosts[leader], d.spec.createWords(onRoot)...)
	}
}

// createWords is the command that creates the volume. "force" is for the root
// partition only, and only after the user allowed it and every brick was seen to
// be virgin: it also makes glusterd take a brick of another volume with its data.
func (s Spec) createWords(onRoot bool) []string {
	words := []string{"volume", "create", s.Name}
	switch s.Type {
	case Disperse:
		words = append(words, "disperse", strconv.Itoa(s.Disperse), "redundancy", strconv.Itoa(s.Redundancy))
	case Arbiter:
		words = append(words, "replica", strconv.Itoa(s.Replica), "arbiter", strconv.Itoa(s.Arbiter))
	default:
		words = append(words, "replica", strconv.Itoa(s.Replica))
	}
	words = append(append(words, "transport", "tcp"), s.bricks()...)
	if onRoot && s.AllowRootPartition {
		words = append(words, "force")
	}
	return words
}

// setOptions sets all options in one transaction.
func setOptions(spec Spec, leader string, options []OptionDifference) act {
	words := []string{"volume", "set", spec.Name}
	for _, option := range options {
		words = append(words, option.Key, option.Want)
	}
	return inTransaction(leader, words...)
}

func resetOptions(spec Spec, leader string, keys []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		for _, key := range keys {
			if err := transaction(ctx, hosts[leader], "volume", "reset", spec.Name, key); err != nil {
				return err
			}
		}
		return nil
	}
}

func startVolume(spec Spec, leader string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		started, err := volumeHasState(ctx, hosts[leader], spec.Name, volumeStarted)
		if err != nil || started {
			return err
		}
		return transaction(ctx, hosts[leader], "volume", "start", spec.Name)
	}
}

func volumeHasState(ctx context.Context, h *host.Host, name string, state int) (bool, error) {
	output, err := gluster(ctx, h, "volume", "info", name)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(output.volumes(), func(v Volume) bool { return v.State == state }), nil
}

func inTransaction(leader string, words ...string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return transaction(ctx, hosts[leader], words...)
	}
}

// forceStart makes glusterd start what should run and does not, and waits for
// it on the machine itself. A brick that died is only restarted by this.
func forceStart(spec Spec, leader, node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if _, err := gluster(ctx, hosts[leader], "volume", "start", spec.Name, "force"); err != nil {
			return err
		}
		return reconcile.WaitAtMost(ctx, processLimit, "the processes of the brick on "+node, pollInterval, func(ctx context.Context) (string, error) {
			seen, err := observeNode(ctx, hosts[node].View, spec, false)
			switch {
			case err != nil:
				return "", err
			case !seen.Brick.Running:
				return "the brick process is not running; its log lies below /var/log/glusterfs/bricks", nil
			case !seen.Brick.HealerRunning:
				return "the self-heal daemon is not running", nil
			}
			return "", nil
		})
	}
}

// processesRun reports that one start has already brought everything back.
func processesRun(node string, spec Spec) func(context.Context, host.Hosts) (bool, error) {
	return func(ctx context.Context, hosts host.Hosts) (bool, error) {
		seen, err := observeNode(ctx, hosts[node].View, spec, false)
		return seen.Brick.Running && seen.Brick.HealerRunning, err
	}
}
