package floatingiptest

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// Network is Keepalived on machines that hear each other, with one floating IP.
// Tests change it under the machines' lock.
type Network struct {
	t testing.TB
	// Machines has the machines by name.
	Machines map[string]*hosttest.Machine
	// Daemons has what Keepalived is on each machine.
	Daemons map[string]*Daemon

	// Several says that the test itself lets machines have the address at the same
	// time.
	Several bool
	// Taken is the hardware address of somebody else who has the floating IP.
	Taken string
	// Deaf keeps machines from hearing each other.
	Deaf bool
	// Settles lets every election take place right after the command that makes it
	// necessary, as if minutes lay between a command and the next. Then no two
	// machines may have one priority either.
	Settles bool
	// Trials counts how often a machine tried a check.
	Trials int
	// OnTrial happens when a machine begins to try a check.
	OnTrial func()
	// Moves counts how often the address went from one machine to another, and Fled how
	// often it did so because its machine had lost its power, which Moves does not count.
	Moves, Fled int
	// Silent says that machines have no program to ask the network with.
	Silent bool
	// Departed are the machines that other clusters have let go of, in order.
	Departed []string
	// Blocked drops every advertisement, so that each machine takes the address.
	Blocked bool

	name string
	ip   string
	// last is the machine that had the address last.
	last string
	// takeovers counts how often a machine took the address.
	takeovers int
}

// Daemon is Keepalived on one machine, with what the kernel keeps for it.
type Daemon struct {
	// Read is the configuration that it runs with; empty if it does not run.
	Read string
	// Role is what it says of itself: "MASTER", "BACKUP" or "FAULT".
	Role string
	// Held says that the address is on the interface, whoever put it there.
	Held bool
	// Firewall are the peers that the loaded packet filter lets through.
	Firewall []string
	// Deleted are the sets whose rules somebody deleted from it.
	Deleted []string
	// Refuses makes it end when it loads a configuration that holds this text.
	Refuses string
	// Cut says that a machine that is Down is so for whoever asks it, and goes on
	// speaking to the others.
	Cut bool
	// Unfit makes the check fail.
	Unfit bool
	// Rejects is the text of checks that fail, whatever else they ask.
	Rejects string
	// Stuck keeps other clusters from letting go of the machine.
	Stuck bool
	// Lacks are addresses that somebody took from the holder.
	Lacks []string

	instance string
	// since is which takeover it was that made it master.
	since int
}

// Install makes Keepalived available on machines, for the floating IP with this
// name and address.
func Install(t testing.TB, machines map[string]*hosttest.Machine, name, ip string) *Network {
	t.Helper()
	n := &Network{t: t, Machines: machines, Daemons: map[string]*Daemon{}, name: name, ip: ip}
	for machine, m := range machines {
		d := &Daemon{}
		n.Daemons[machine] = d
		m.Offer("nftables", "iputils-ping", "curl")
		m.Catalog["keepalived"] = hosttest.Package{Version: "1:2.2.7-1+b2", Units: []string{"keepalived"}}
		n.units(m, d)
		n.losesPower(m, d)
		n.identity(m, d)
		n.addresses(m, d)
		n.accounts(m)
		n.check(m, d)
		n.trial(m, d)
		n.firewall(m, d)
		n.flushes(m, d)
		n.config(m)
		n.join(m)
		n.leave(m)
		n.loaded(m, d)
		n.holder(m, d)
		n.maintenance(m, d)
		n.removal(m, d)
	}
	return n
}
