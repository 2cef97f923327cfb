package hosttest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Handler answers a command in the place of a program. It runs under the lock
// of its cluster.
type Handler func(m *Machine, c shell.Command) (stdout string, status int, stderr string)

// Machine is a Debian machine in memory.
type Machine struct {
	Name string
	// Down makes every command end in an [Unreachable] error.
	Down bool
	// Facts is what the machine says of itself.
	Facts host.Facts
	// Ready is what else it says before a change. Its clock is ahead of the test's by
	// Ready.Ahead.
	Ready       host.Readiness
	Files       map[string]File
	Directories map[string]Directory
	// Packages has the installed version of every package.
	Packages map[string]string
	// Catalog has the packages that can be installed; others make apt fail.
	Catalog map[string]Package
	// Offered has the versions of packages that the lists of the machine have, where that is
	// more than the one of the catalog.
	Offered map[string][]string
	// System is how up to date it is.
	System System
	// Held are the packages that are held at their version.
	Held map[string]bool
	// Units has what systemd knows, by full name: "mariadb.service".
	Units map[string]*Unit
	// Disks are block devices by path, and Occupied directories that hold something
	// which Files and Directories do not show.
	Disks    map[string]*Disk
	Occupied map[string]bool
	// Progress is what detached work has said last of its progress.
	Progress string
	// Users and Groups exist; a user has a group of the same name.
	Users  map[string]bool
	Groups map[string]bool

	filters  map[string]*filter
	t        testing.TB
	world    *world
	handlers map[string]handler
	hooks    map[string]*hooks
	work     map[string]*work
	faults   []*Fault
	powerCut []Hook
	log      []string
	commands []shell.Command
}

// world is what machines of one cluster share.
type world struct {
	sync.Mutex
	now int64
}

type handler struct {
	run   Handler
	query bool
}

// Epoch is the time at which the clock of a new machine stands.
const Epoch = 1_700_000_000

// New returns a machine of its own with a freshly installed Debian 12.
func New(t testing.TB, name string) *Machine {
	t.Helper()
	return newMachine(t, name, "10.0.0.11/24", &world{now: Epoch})
}

// Cluster returns machines which share a lock and a clock, the way tiers take
// them and by name. Their addresses are 10.0.0.11, 10.0.0.12 and so on.
func Cluster(t testing.TB, names ...string) (host.Hosts, map[string]*Machine) {
	t.Helper()
	shared := &world{now: Epoch}
	hosts, machines := host.Hosts{}, map[string]*Machine{}
	for i, name := range names {
		machine := newMachine(t, name, fmt.Sprintf("10.0.0.%d/24", 11+i), shared)
		machines[name] = machine
		hosts[name] = host.New(name, machine)
	}
	return hosts, machines
}

func newMachine(t testing.TB, name, cidr string, shared *world) *Machine {
	t.Helper()
	m := &Machine{
		Name: name,
		Facts: host.Facts{
			Distribution: "debian", Version: "12", MemoryMiB: 2048,
			Addresses: []host.Address{{Interface: "lo", CIDR: "127.0.0.1/8"}, {Interface: "eth0", CIDR: cidr}},
		},
		Ready:       host.Readiness{BootID: "boot-of-" + name, FreeMiB: 20000, FreeOn: "/", Listeners: map[int]string{22: "sshd"}},
		Files:       map[string]File{},
		Directories: map[string]Directory{},
		Packages:    map[string]string{},
		Catalog:     map[string]Package{},
		Held:        map[string]bool{},
		Disks:       map[string]*Disk{},
		Occupied:    map[string]bool{},
		Units:       map[string]*Unit{},
		Users:       map[string]bool{"root": true, "www-data": true, "nobody": true},
		Groups:      map[string]bool{"adm": true, "nogroup": true},
		filters:     map[string]*filter{},
		t:           t,
		world:       shared,
		handlers:    map[string]handler{},
		hooks:       map[string]*hooks{},
		work:        map[string]*work{},
	}
	for _, directory := range []string{"/etc", "/etc/systemd/system", "/run", "/tmp", "/usr/local/bin", "/usr/lib/systemd/system", "/var/lib", "/var/log"} {
		m.makeParents(directory + "/x")
	}
	m.builtins()
	return m
}

// Handle answers commands with this label, also in the place of one that the
// machine knows by itself. The commands count as changes for [FailAt].
func (m *Machine) Handle(label string, run Handler) {
	m.handlers[label] = handler{run: run}
}

// HandleQuery is [Machine.Handle] for commands that only read.
func (m *Machine) HandleQuery(label string, run Handler) {
	m.handlers[label] = handler{run: run, query: true}
}

// Now returns the machine's clock in seconds since 1970.
func (m *Machine) Now() int64 { return m.world.now }

// Advance moves the clock of the machine and its cluster forward.
func (m *Machine) Advance(by time.Duration) { m.world.now += int64(by.Seconds()) }

// tick makes what happens next newer than everything before it.
func (m *Machine) tick() int64 {
	m.world.now++
	return m.world.now
}

// Locked runs look while no command runs on the machine or its cluster.
func (m *Machine) Locked(look func()) {
	m.world.Lock()
	defer m.world.Unlock()
	look()
}

// Log returns the labels of the commands that ran, in order: those of a batch's
// parts and of detached work follow the label of the whole.
func (m *Machine) Log() []string {
	m.world.Lock()
	defer m.world.Unlock()
	return slices.Clone(m.log)
}

// Commands returns the commands that ran, in the order of [Machine.Log].
func (m *Machine) Commands() []shell.Command {
	m.world.Lock()
	defer m.world.Unlock()
	return slices.Clone(m.commands)
}

// Forget empties the log.
func (m *Machine) Forget() {
	m.world.Lock()
	defer m.world.Unlock()
	m.log, m.commands = nil, nil
}

// Run implements [host.Runner].
func (m *Machine) Run(ctx context.Context, command shell.Command) (shell.Result, error) {
	if err := ctx.Err(); err != nil {
		return shell.Result{}, err
	}
	m.world.Lock()
	defer m.world.Unlock()
	if m.System.away > 0 {
		m.System.away--
		return shell.Result{}, &Unreachable{Node: m.Name}
	}
	if m.Down || m.cutOff() {
		return shell.Result{}, &Unreachable{Node: m.Name}
	}
	fault := m.nextFault(command)
	if fault != nil {
		fault.cancel(ctx)
	}
	if fault != nil && !fault.after && !fault.cancels {
		return shell.Result{}, fault.err(m, command)
	}
	stdout, status, stderr := m.Call(command)
	if fault != nil && !fault.cancels {
		if fault.cut {
			m.losePower()
		}
		return shell.Result{}, fault.err(m, command)
	}
	if status != 0 {
		return shell.Result{}, m.exit(command, status, stdout, stderr)
	}
	return shell.Result{Stdout: []byte(stdout), Stderr: []byte(stderr)}, nil
}

func (m *Machine) exit(command shell.Command, status int, stdout, stderr string) error {
	return &shell.ExitError{Node: m.Name, Command: command, Status: status, Stdout: []byte(stdout), Stderr: []byte(stderr)}
}

// Call runs a command from inside a handler or hook, which hold the lock.
func (m *Machine) Call(command shell.Command) (stdout string, status int, stderr string) {
	m.log = append(m.log, command.Label())
	m.commands = append(m.commands, command)
	known, found := m.handlers[command.Label()]
	if !found {
		m.t.Errorf("%s: nobody knows the command %q: %s", m.Name, command.Label(), command)
		return "", 127, command.Label() + ": not found"
	}
	return known.run(m, command)
}

// builtins are the commands of package host.
func (m *Machine) builtins() {
	for label, run := range map[string]Handler{
		"write-file":       (*Machine).writeFile,
		"write-files":      (*Machine).writeFiles,
		"rm":               (*Machine).rm,
		"tier-put-back":    (*Machine).putBack,
		"install":          (*Machine).install,
		"touch":            (*Machine).touch,
		"units":            (*Machine).units,
		"disable-units":    (*Machine).disableUnits,
		"enable-units":     (*Machine).enableUnits,
		"systemctl":        (*Machine).systemctl,
		"install-packages": (*Machine).installPackages,
		"hold-packages":    (*Machine).holdPackages,
		"release-packages": (*Machine).releasePackages,
		"fetch-updates":    (*Machine).fetchUpdates,
		"install-updates":  (*Machine).installUpdates,
		"reboot":           (*Machine).orderReboot,
		"detached":         (*Machine).detached,
		"take-lease":       (*Machine).takeLease,
		"release-lease":    (*Machine).releaseLease,
		"system-user":      (*Machine).systemUser,
		"apply-firewall":   (*Machine).applyFirewall,
		"remove-firewall":  (*Machine).removeFirewall,
		"make-file-system": (*Machine).makeFileSystem,
		"mount-data-disk":  (*Machine).mountDataDisk,
		"grow-file-system": (*Machine).growFileSystem,
	} {
		m.Handle(label, run)
	}
	for label, run := range map[string]Handler{
		"batch":            (*Machine).batch,
		"file-states":      (*Machine).fileStates,
		"read-file":        (*Machine).readFile,
		"unit-states":      (*Machine).unitStates,
		"package-versions": (*Machine).packageVersions,
		"facts":            (*Machine).facts,
		"readiness":        (*Machine).readiness,
		"system":           (*Machine).system,
		"boot":             (*Machine).boot,
		"firewall-state":   (*Machine).firewallState,
		"data-disk":        (*Machine).dataDisk,
		"await-device":     (*Machine).awaitDevice,
		"firewall-sources": (*Machine).firewallSources,
		"tier-maintenance": (*Machine).maintenance,
		"work-progress":    func(m *Machine, _ shell.Command) (string, int, string) { return m.Progress, 0, "" },
	} {
		m.HandleQuery(label, run)
	}
}

// fail is what a program that says why and exits with 1 leaves behind.
func fail(format string, args ...any) (string, int, string) {
	return "", 1, fmt.Sprintf(format, args...)
}
