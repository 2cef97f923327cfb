package hosttest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Unreachable says that a machine did not answer.
type Unreachable struct{ Node string }

// Error names the machine.
func (e *Unreachable) Error() string { return "cannot reach " + e.Node + ": simulated" }

// Unreachable makes host.IsUnreachable hold.
func (e *Unreachable) Unreachable() bool { return true }

// Fault is one failure that will happen once.
type Fault struct {
	mu     sync.Mutex
	at     int
	seen   int
	label  string
	after  bool
	lost   bool
	cut    bool
	gone   bool
	struck string
	off    bool
	// cancels says that the run is canceled.
	cancels bool
	// interruptible says that the run that met the fault can be canceled.
	interruptible bool
}

// FailAt returns the fault that strikes the n-th command, from 1, that changes
// any of the machines it is armed on. The command exits with status 1 and has
// no effect; [Fault.AfterEffect] and [Fault.Lost] make it otherwise. Work that
// runs detached counts as one command.
func FailAt(n int) *Fault { return &Fault{at: n} }

// FailNext makes the next command with this label exit with status 1 without
// effect, also as a part of a batch or as detached work.
func (m *Machine) FailNext(label string) *Fault {
	fault := &Fault{label: label, at: 1}
	return fault.Arm(map[string]*Machine{m.Name: m})
}

// Lost makes the connection break instead, before the command has run.
func (f *Fault) Lost() *Fault {
	f.lost = true
	return f
}

// AfterEffect makes the connection break after the command has done its work:
// the machine is changed and nobody hears of it.
func (f *Fault) AfterEffect() *Fault {
	f.lost, f.after = true, true
	return f
}

// PowerCut makes the machine lose its power when the command has done its work, and boot.
func (f *Fault) PowerCut() *Fault {
	f.cut = true
	return f.AfterEffect()
}

// Gone makes the connections to all machines end when the command has done its work, until
// [Fault.Disarm]: the one who runs the commands has been killed, or has lost the network, and
// nothing of what it would have done afterwards is done either.
func (f *Fault) Gone() *Fault {
	f.gone = true
	return f.AfterEffect()
}

// Canceled makes the command do its work and say so, and cancels the run, as a user does who
// interrupts Terraform. The context of the run is from [Interruptible].
func (f *Fault) Canceled() *Fault {
	f.cancels = true
	return f
}

// interrupt is the key of what cancels the context that has it.
type interrupt struct{}

// Interruptible returns a context that a fault can cancel.
func Interruptible(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	return context.WithValue(ctx, interrupt{}, cancel)
}

// cancel cancels the run that a command belongs to, and notes whether it can be.
func (f *Fault) cancel(ctx context.Context) {
	cancel, found := ctx.Value(interrupt{}).(context.CancelFunc)
	f.mu.Lock()
	f.interruptible = found
	f.mu.Unlock()
	if found && f.cancels {
		cancel()
	}
}

// Boots returns how often a machine may be booted at least and at most for something that takes so
// many boots: one that has lost its power meanwhile needs one less.
func (f *Fault) Boots(wanted int) (least, most int) {
	if f.cut {
		return max(0, wanted-1), wanted
	}
	return wanted, wanted
}

// Booted reports whether the fault was a machine that has lost its power, and this is the one.
func (f *Fault) Booted(machine string) bool {
	return f.cut && strings.HasPrefix(f.Struck(), machine+": ")
}

// OnPowerCut registers what comes of the daemons of a machine that loses its power, before
// it boots as [Machine.Reboot] says.
func (m *Machine) OnPowerCut(hook Hook) { m.powerCut = append(m.powerCut, hook) }

func (m *Machine) losePower() {
	for _, hook := range m.powerCut {
		if err := hook(m); err != nil {
			m.t.Errorf("%s: losing power: %v", m.Name, err)
		}
	}
	m.Reboot()
}

// Arm puts the fault in wait on machines.
func (f *Fault) Arm(machines map[string]*Machine) *Fault {
	for _, m := range machines {
		m.Locked(func() { m.faults = append(m.faults, f) })
	}
	return f
}

// Disarm ends the wait of a fault that has not struck. A scenario calls it after
// the run that was to meet the fault, so that the runs that follow do not.
func (f *Fault) Disarm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = true
}

func (f *Fault) disarmed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.off
}

// Struck returns "machine: command" for the command that failed; empty while
// none has.
func (f *Fault) Struck() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck
}

// EveryFault runs scenario with a fault at the first command that changes a
// machine, then at the second and so on, until the scenario ends without having
// met its fault. Each command fails once without effect, once by a
// connection that breaks after the effect, once by the loss of all connections, and once by
// the power of its machine, which is lost after the effect and comes back at once, and the run is
// canceled after each command. The scenario runs in the context of [Interruptible]. It
// builds its machines, arms the fault, runs, disarms it, runs again and compares the end states. Its time is
// that of package synctest, so that nothing waits. With FAULT_STEPS=2/3 in the environment
// it takes the second command and each third one after it.
func EveryFault(t *testing.T, scenario func(t *testing.T, fault *Fault)) {
	t.Helper()
	every(t, scenario, []kind{{"fails", func(f *Fault) *Fault { return f }}, {"lost", (*Fault).AfterEffect}, {"gone", (*Fault).Gone}, {"power", (*Fault).PowerCut}, {"canceled", (*Fault).Canceled}})
}

// EveryPowerCut does the same with the power cuts alone.
func EveryPowerCut(t *testing.T, scenario func(t *testing.T, fault *Fault)) {
	t.Helper()
	every(t, scenario, []kind{{"power", (*Fault).PowerCut}})
}

// kind makes a fault another one.
type kind struct {
	name string
	made func(*Fault) *Fault
}

func every(t *testing.T, scenario func(t *testing.T, fault *Fault), kinds []kind) {
	t.Helper()
	const most = 1000
	first, stride := faultSteps(t)
	for n := first; n <= most; n += stride {
		interruptible := false
		for _, kind := range kinds {
			fault := kind.made(FailAt(n))
			if fault.cancels && !interruptible {
				t.Errorf("command %d does not run in the context of Interruptible, so that it cannot be canceled", n)
				continue
			}
			t.Run(fmt.Sprintf("%d-%s", n, kind.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { scenario(t, fault) })
				if fault.gone && fault.Struck() != "" && !fault.disarmed() {
					t.Error("the scenario has not disarmed the fault, so that what it looked at afterwards says nothing")
				}
				t.Logf("struck %q", fault.Struck())
			})
			interruptible = fault.interruptible
			if fault.Struck() == "" {
				return
			}
		}
	}
	t.Errorf("the scenario still changes machines after %d commands", most)
}

// faultSteps returns the first command that is to meet a fault, and the distance between
// those that do.
func faultSteps(t *testing.T) (first, stride int) {
	t.Helper()
	steps := os.Getenv("FAULT_STEPS")
	if steps == "" {
		return 1, 1
	}
	if n, err := fmt.Sscanf(steps, "%d/%d", &first, &stride); n != 2 || err != nil || first < 1 || stride < first {
		t.Fatalf("FAULT_STEPS is %q, and not like 2/3", steps)
	}
	return first, stride
}

// nextFault returns the fault that strikes the command, if one does.
func (m *Machine) nextFault(command shell.Command) *Fault {
	label := command.Label()
	changes := !m.handlers[label].query
	if label == "systemctl" {
		changes = !isQuery(command.Args()[1:])
	}
	for i, fault := range m.faults {
		if fault.strikes(m.Name, label, changes) {
			if !fault.gone {
				m.faults = slices.Delete(slices.Clone(m.faults), i, i+1)
			}
			return fault
		}
	}
	return nil
}

// cutOff reports whether the one who runs the commands is gone.
func (m *Machine) cutOff() bool {
	return slices.ContainsFunc(m.faults, func(f *Fault) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.gone && f.struck != "" && !f.off
	})
}

func (f *Fault) strikes(node, label string, changes bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.off || f.struck != "" || (f.label == "" && !changes) || (f.label != "" && f.label != label) {
		return false
	}
	if f.seen++; f.seen != f.at {
		return false
	}
	f.struck = node + ": " + label
	return true
}

// nextInnerFault is for commands inside a batch or detached work, which only
// [Machine.FailNext] addresses.
func (m *Machine) nextInnerFault(command shell.Command) *Fault {
	for i, fault := range m.faults {
		if fault.label != "" && fault.strikes(m.Name, command.Label(), true) {
			m.faults = slices.Delete(slices.Clone(m.faults), i, i+1)
			return fault
		}
	}
	return nil
}

func (f *Fault) err(m *Machine, command shell.Command) error {
	if f.lost {
		return &Unreachable{Node: m.Name}
	}
	return m.exit(command, 1, "", injected)
}

const injected = "injected fault"
