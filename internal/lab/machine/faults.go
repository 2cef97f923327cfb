package machine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// PowerOn starts a machine without waiting for anything.
func (r *Region) PowerOn(ctx context.Context, id int) error {
	if r.config.Volumes {
		if err := r.plugIn(ctx, id); err != nil {
			return fmt.Errorf("cannot power on machine %d: %w", id, err)
		}
	}
	return r.do(ctx, "power on", id, "start", r.machineName(id))
}

// PowerOnTogether starts machines at the same moment without waiting for
// anything, as when power comes back to all of them. The engine
// needs half a second or so for three.
func (r *Region) PowerOnTogether(ctx context.Context, ids ...int) error {
	var all sync.WaitGroup
	failed := make([]error, len(ids))
	for place, id := range ids {
		all.Go(func() { failed[place] = r.PowerOn(ctx, id) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// Reboot restarts a machine in an orderly way: its service manager runs every
// unit's stop commands, the network goes where it would go on a real machine,
// and what is left is killed; then it boots. It is an error if the machine did
// not shut down by itself, because then it has lost power.
func (r *Region) Reboot(ctx context.Context, id int) error {
	orderly, err := r.shutDown(ctx, id)
	if err == nil && !orderly {
		err = fmt.Errorf("it did not shut down within %s, and its power was cut", shutdownLimit)
	}
	if err != nil {
		return fmt.Errorf("cannot reboot machine %d in an orderly way: %w", id, err)
	}
	return r.StartMachine(ctx, id)
}

// PowerOff cuts a machine's power: every process dies at once. What a daemon
// has handed to the kernel survives, because the kernel is the host's; data
// that a real power cut would lose from the page cache is not lost here.
func (r *Region) PowerOff(ctx context.Context, id int) error {
	if err := r.thawFrozen(ctx, id); err != nil {
		return fmt.Errorf("cannot power off machine %d: %w", id, err)
	}
	return r.do(ctx, "power off", id, "kill", r.machineName(id))
}

// PowerCycle cuts a machine's power and boots it again.
func (r *Region) PowerCycle(ctx context.Context, id int) error {
	if err := r.PowerOff(ctx, id); err != nil {
		return err
	}
	return r.StartMachine(ctx, id)
}

// frozenRules lose every packet, as the network of a virtual machine does whose processors
// stand still: its kernel acknowledges nothing. Machines of the lab share the kernel of their
// host, which would.
const frozenRules = `table inet lab_frozen {
	chain input { type filter hook input priority -310; iif != "lo" drop; }
	chain output { type filter hook output priority -310; oif != "lo" drop; }
}
table arp lab_frozen {
	chain input { type filter hook input priority -310; drop; }
}
`

const thawedRules = `table inet lab_frozen
delete table inet lab_frozen
table arp lab_frozen
delete table arp lab_frozen
`

// thawScript takes the rules away as soon as the machine goes on: time has passed then that it
// does not know of. The engine runs nothing in a container that is frozen, and to run something
// after it has thawed takes a tenth of a second and more. /proc/uptime has hundredths of seconds.
const thawScript = `now() { read -r t _ </proc/uptime; echo "${t%.*}${t#*.}"; }
last=$(now)
while sleep 0.01; do
    this=$(now)
    [ $((this - last)) -lt 30 ] || break
    last=$this
done
printf '%s' "$1" | nft -f -`

// Freeze has a machine stand still: its processes stop where they are, and its network is
// silent. Its connections stay open and nobody answers on them.
func (r *Region) Freeze(ctx context.Context, id int) error {
	name := r.machineName(id)
	err := r.load(ctx, name, frozenRules)
	if err == nil {
		_, err = r.docker.Run(ctx, "exec", "--detach", name, "sh", "-c", thawScript, "lab_frozen", thawedRules)
	}
	if err == nil {
		_, err = r.docker.Run(ctx, "pause", name)
	}
	if err != nil {
		return fmt.Errorf("cannot freeze machine %d: %w", id, errors.Join(err, r.load(ctx, name, thawedRules)))
	}
	return nil
}

// Thaw lets a frozen machine go on.
func (r *Region) Thaw(ctx context.Context, id int) error {
	if err := r.do(ctx, "thaw", id, "unpause", r.machineName(id)); err != nil {
		return err
	}
	// It was frozen for too short a time to notice, perhaps.
	if err := r.load(ctx, r.machineName(id), thawedRules); err != nil {
		return fmt.Errorf("cannot thaw machine %d: %w", id, err)
	}
	return nil
}

// thawFrozen lets the processes of a frozen machine go on: the engine sends no signal to one.
func (r *Region) thawFrozen(ctx context.Context, id int) error {
	state, err := r.state(ctx, r.machineName(id))
	if err == nil && state == "paused" {
		_, err = r.docker.Run(ctx, "unpause", r.machineName(id))
	}
	return err
}

func (r *Region) do(ctx context.Context, verb string, id int, args ...string) error {
	if _, err := r.docker.Run(ctx, args...); err != nil {
		return fmt.Errorf("cannot %s machine %d: %w", verb, id, err)
	}
	return nil
}

// KillUnit kills every process of a unit. Whether the unit comes back is up to
// its own configuration.
func (r *Region) KillUnit(ctx context.Context, id int, unit string) error {
	if _, err := r.Exec(ctx, id, []string{"systemctl", "kill", "--signal=KILL", unit}, nil); err != nil {
		return fmt.Errorf("cannot kill %s on machine %d: %w", unit, id, err)
	}
	return nil
}

const fillerName = "lab-filler"

// fillScript fills the file system at $1. It refuses one without a size of its
// own, which would be the host's. What is large is reserved, and the rest is written,
// because a reservation may leave blocks that no file can use.
const fillScript = `set -e
source=$(df --output=source "$1" | tail -n 1)
case $source in
/dev/loop*) ;;
*) echo "$1 is on $source, which has no size of its own: give the machine a disk there" >&2; exit 3 ;;
esac
free=$(($(stat -f -c '%f * %S' "$1") / 1048576))
[ "$free" -le 64 ] || fallocate -l "$((free - 64))M" "$1/$2" || rm -f "$1/$2"
for block in 1M 4k 4k; do
    dd if=/dev/zero of="$1/$2" bs=$block oflag=append conv=notrunc,fsync 2>/dev/null || true
done
if dd if=/dev/zero of="$1/$2.probe" bs=4k count=1 conv=fsync 2>/dev/null; then
    echo "a file still fits into $1" >&2
    exit 1
fi
rm -f "$1/$2.probe"`

// FillDisk fills the file system at a path of a machine until nothing fits any
// more. The machine needs a [Disk] there.
func (r *Region) FillDisk(ctx context.Context, id int, path string) error {
	if _, err := r.Exec(ctx, id, []string{"sh", "-c", fillScript, "sh", path, fillerName}, nil); err != nil {
		return fmt.Errorf("cannot fill %s on machine %d: %w", path, id, err)
	}
	return nil
}

// FreeDisk takes back what FillDisk did.
func (r *Region) FreeDisk(ctx context.Context, id int, path string) error {
	if _, err := r.Exec(ctx, id, []string{"rm", "-f", path + "/" + fillerName}, nil); err != nil {
		return fmt.Errorf("cannot free %s on machine %d: %w", path, id, err)
	}
	return nil
}

// Partition is a cut through the network.
type Partition struct {
	// Side are the machines on one side of the cut.
	Side []int
	// From are the machines on the other side. Empty means everything else in
	// the lab: all other running machines and all balancers.
	From []int
	// Reject answers what goes across with a refusal, which daemons notice at
	// once. Otherwise it is lost silently.
	Reject bool
	// CutLab cuts Side from the host too, so that SSH from the lab fails. LabAlone cuts it from
	// nothing else, and leaves the cuts of other machines as they are.
	CutLab, LabAlone bool
}

// Partition cuts the network. All traffic across the cut is lost in both
// directions on every interface, with ARP and multicast, by the hardware
// addresses of those who send it: an address that moves to another machine is
// reachable there. A machine has one cut at a time: a new one replaces it. A
// machine that boots later is not a part of the cut, and one that reboots loses
// its side of it.
func (r *Region) Partition(ctx context.Context, cut Partition) error {
	side, err := r.endpoints(ctx, func(c Resource) bool { return c.Kind == kindMachine && contains(cut.Side, c.ID) })
	if err == nil && len(side) != len(cut.Side) {
		err = fmt.Errorf("of machines %v only %d run", cut.Side, len(side))
	}
	var other []endpoint
	if err == nil && !cut.LabAlone {
		other, err = r.endpoints(ctx, func(c Resource) bool {
			if len(cut.From) > 0 {
				return c.Kind == kindMachine && contains(cut.From, c.ID)
			}
			return c.Kind != kindMachine || !contains(cut.Side, c.ID)
		})
	}
	if err != nil {
		return fmt.Errorf("cannot cut the network: %w", err)
	}
	gateway := ""
	if cut.CutLab || cut.LabAlone {
		gateway = r.Gateway().String()
	}
	rules := map[string]string{}
	for _, here := range side {
		rules[here.container] = cutRules(other, cut.Reject, gateway)
	}
	for _, there := range other {
		rules[there.container] = cutRules(side, cut.Reject, "")
	}
	return r.loadAll(ctx, rules)
}

// Heal takes every cut of every running machine and balancer back.
func (r *Region) Heal(ctx context.Context) error {
	all, err := r.endpoints(ctx, func(Resource) bool { return true })
	if err != nil {
		return fmt.Errorf("cannot heal the network: %w", err)
	}
	rules := map[string]string{}
	for _, each := range all {
		rules[each.container] = noRules
	}
	return r.loadAll(ctx, rules)
}

// loadAll loads the rules of all containers at once. One after the other, ten of them took up to
// four seconds on a busy computer: a machine heard nobody any more and was still heard by others.
func (r *Region) loadAll(ctx context.Context, rules map[string]string) error {
	var all sync.WaitGroup
	containers := slices.Sorted(maps.Keys(rules))
	failed := make([]error, len(containers))
	for i, container := range containers {
		all.Go(func() { failed[i] = r.load(ctx, container, rules[container]) })
	}
	all.Wait()
	return errors.Join(failed...)
}

func (r *Region) load(ctx context.Context, container, rules string) error {
	if _, err := r.execIn(ctx, container, []string{"nft", "-f", "-"}, strings.NewReader(rules)); err != nil {
		return fmt.Errorf("cannot load the fault's rules in %s: %w", container, err)
	}
	return nil
}

func contains(ids []int, id string) bool {
	for _, each := range ids {
		if strconv.Itoa(each) == id {
			return true
		}
	}
	return false
}
