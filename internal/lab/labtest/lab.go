package labtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// Lab is the machines of one test.
type Lab struct {
	// Hosts has the machines the way tiers take them.
	Hosts host.Hosts
	// Nodes are the machines in the order in which the test named them. Their
	// addresses are those in the VLAN, 10.88.0.11/24 and so on, on eth1; no other
	// address of the VLAN is used.
	Nodes []host.Node

	t      *testing.T
	region *machine.Region
}

// Boot makes and boots machines for a test, and takes them down after it. The lab
// needs a name that no other package uses, because packages are tested side by
// side; what an earlier run has left under that name is removed first.
func Boot(t *testing.T, name string, machines ...string) *Lab {
	t.Helper()
	return boot(t, machine.Config{Name: name}, machines)
}

// BootWithDisks is [Boot] for machines that have a small file system of its own at
// /srv/small, and may make block devices of files in [Disks].
func BootWithDisks(t *testing.T, name string, machines ...string) *Lab {
	t.Helper()
	return boot(t, machine.Config{Name: name, Disks: []machine.Disk{{Path: "/srv/small", Bytes: 64 << 20}}}, machines)
}

// BootLimited is [Boot] for machines with that much memory each, in MiB. The others
// have all of the host's, of which nothing says how much is theirs.
func BootLimited(t *testing.T, name string, memoryMiB int, machines ...string) *Lab {
	t.Helper()
	return boot(t, machine.Config{Name: name, MemoryMiB: memoryMiB}, machines)
}

// Disks is where a machine of [BootWithDisks] has the files of its disks.
const Disks = "/var/lib/lab/disks"

func boot(t *testing.T, config machine.Config, machines []string) *Lab {
	t.Helper()
	NeedsDocker(t)
	defer Time(t, "boot")()
	l := &Lab{Hosts: host.Hosts{}, t: t, region: newRegion(t, config)}
	for i, machine := range machines {
		l.Nodes = append(l.Nodes, host.Node{Name: machine, Address: fmt.Sprintf("10.88.0.%d", 11+i)})
		l.Hosts[machine] = host.New(machine, runner{l.region, i + 1, machine})
	}
	l.Each(l.create)
	return l
}

func newRegion(t *testing.T, config machine.Config) *machine.Region {
	t.Helper()
	name := config.Name
	client := docker.CLI{}
	must(t, client.Ensure(t.Context(), os.TempDir(), t.Output()))
	release, err := image.TierRelease()
	must(t, err)
	images, err := image.Ensure(t.Context(), client, release, t.Output())
	must(t, err)
	config.Images = images
	must(t, machine.Down(t.Context(), client, name))
	t.Cleanup(func() {
		if os.Getenv("LAB_KEEP") == "1" {
			return
		}
		if err := machine.Down(context.WithoutCancel(t.Context()), client, name); err != nil {
			t.Error(err)
		}
	})
	region, err := machine.Up(t.Context(), client, config)
	must(t, err)
	return region
}

func (l *Lab) create(name string) error {
	address, err := l.region.FreePublicIPv4(l.t.Context())
	if err != nil {
		return err
	}
	return l.region.CreateMachine(l.t.Context(), l.machine(name, address))
}

func (l *Lab) machine(name, publicIPv4 string) machine.MachineSpec {
	id := l.id(name)
	return machine.MachineSpec{
		ID: id, Label: name, Boot: true, PublicIPv4: publicIPv4,
		VLANs: []machine.VLAN{{Label: "backend", Address: l.Nodes[id-1].Address + "/24"}},
	}
}

// Rebuild puts a new machine without anything in the place of one.
func (l *Lab) Rebuild(name string) error {
	address, err := l.region.FreePublicIPv4(l.t.Context())
	if err != nil {
		return err
	}
	return l.region.RebuildMachine(l.t.Context(), l.machine(name, address))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// With returns the same machines for a part of the test.
func (l *Lab) With(t *testing.T) *Lab {
	t.Helper()
	same := *l
	same.t = t
	return &same
}

// id is the machine's number in the region.
func (l *Lab) id(name string) int {
	for i, node := range l.Nodes {
		if node.Name == name {
			return i + 1
		}
	}
	l.t.Errorf("the test booted no machine %q", name)
	return 0
}

func (l *Lab) ids(names []string) []int {
	ids := make([]int, 0, len(names))
	for _, name := range names {
		ids = append(ids, l.id(name))
	}
	return ids
}

// Each acts on every machine at the same time.
func (l *Lab) Each(act func(name string) error) {
	l.t.Helper()
	var all sync.WaitGroup
	failed := make([]error, len(l.Nodes))
	for i, node := range l.Nodes {
		all.Go(func() { failed[i] = act(node.Name) })
	}
	all.Wait()
	must(l.t, errors.Join(failed...))
}

// ReleasePackages lifts the holds of one cluster, as a destroy does after the tier's
// own removal.
func (l *Lab) ReleasePackages(owner string) {
	l.t.Helper()
	l.Each(func(name string) error { return l.Hosts[name].ReleasePackages(l.t.Context(), owner) })
}

// Exec runs a line of shell on a machine as root, past its network, and returns
// what it wrote to its standard output and, if it failed, to its standard error.
func (l *Lab) Exec(name, line string, stdin io.Reader) (string, error) {
	out, err := l.region.Exec(l.t.Context(), l.id(name), []string{"sh", "-c", line}, stdin)
	var failure *docker.Error
	if errors.As(err, &failure) {
		out = append(out, failure.Stderr...)
	}
	return strings.TrimSpace(string(out)), err
}

// Run runs a line of shell on a machine, which has to succeed, and returns its
// standard output without surrounding white space.
func (l *Lab) Run(name, line string) string {
	l.t.Helper()
	out, err := l.Exec(name, line, nil)
	if err != nil {
		l.t.Fatalf("%s: %s: %v\n%s", name, line, err, out)
	}
	return out
}

// Until polls until the check has no reason left to wait for, fails the test
// after the limit with the last reason, and returns how long it took.
func (l *Lab) Until(limit time.Duration, what string, reason func() string) time.Duration {
	l.t.Helper()
	begin := time.Now()
	must(l.t, reconcile.WaitAtMost(l.t.Context(), limit, what, 100*time.Millisecond,
		func(context.Context) (string, error) { return reason(), nil }))
	return time.Since(begin)
}

// PowerOff cuts a machine's power.
func (l *Lab) PowerOff(name string) error { return l.region.PowerOff(l.t.Context(), l.id(name)) }

// PowerOn starts a machine without waiting for anything.
func (l *Lab) PowerOn(name string) error { return l.region.PowerOn(l.t.Context(), l.id(name)) }

// PowerOnTogether starts machines at the same moment without waiting for
// anything.
func (l *Lab) PowerOnTogether(names ...string) error {
	return l.region.PowerOnTogether(l.t.Context(), l.ids(names)...)
}

// Start starts a machine and waits until it has booted. Units that wait for
// other machines do not keep it from having booted.
func (l *Lab) Start(name string) error { return l.region.StartMachine(l.t.Context(), l.id(name)) }

// Reboot shuts a machine down in an orderly way and boots it.
func (l *Lab) Reboot(name string) error { return l.region.Reboot(l.t.Context(), l.id(name)) }

// WaitBooted waits until a machine that was powered on has booted.
func (l *Lab) WaitBooted(name string) error { return l.region.WaitBooted(l.t.Context(), l.id(name)) }

// Cut cuts machines off from all others, which are told with a refusal or lose
// everything silently. The test itself still reaches them.
func (l *Lab) Cut(reject bool, names ...string) error {
	return l.region.Partition(l.t.Context(), machine.Partition{Side: l.ids(names), Reject: reject})
}

// Heal takes every cut back.
func (l *Lab) Heal() error { return l.region.Heal(l.t.Context()) }

// Freeze has a machine stand still: its processes stop, and its network is silent.
func (l *Lab) Freeze(name string) error { return l.region.Freeze(l.t.Context(), l.id(name)) }

// Thaw lets a frozen machine go on.
func (l *Lab) Thaw(name string) error { return l.region.Thaw(l.t.Context(), l.id(name)) }

// As is a machine under another name, as a tier takes one that takes the place of another.
func (l *Lab) As(name, machine string) *host.Host {
	return host.New(name, runner{l.region, l.id(machine), name})
}
