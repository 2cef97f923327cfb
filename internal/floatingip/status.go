package floatingip

import (
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Kind is the kind of this tier's markers.
const Kind = "floating-ip"

// Ownership says whose Keepalived configuration a machine has.
type Ownership string

// The main configuration file is missing or says nothing, is ours, or is
// somebody else's.
const (
	OwnedByNobody Ownership = "nobody"
	OwnedByUs     Ownership = "ours"
	OwnedByOthers Ownership = "foreign"
)

// Held is an address on an interface.
type Held struct {
	Interface string
	Address   string
	Prefix    int
}

// Instance is a VRRP instance of another configuration file.
type Instance struct {
	File      string
	Interface string
	RouterID  int
}

// Firewall is the packet filter as the kernel has it.
type Firewall struct {
	Loaded bool
	Peers  []string
	// Drops says that the rule is there that drops VRRP of others than the peers.
	Drops bool
	// Holds says that the rule is there that holds new connections back.
	Holds bool
}

// CheckResult is what the check said when it was asked by hand.
type CheckResult struct {
	// Ran is false where there is no check to run.
	Ran    bool
	Passed bool
	Output string
}

// Machine is one machine as it was seen.
type Machine struct {
	// Err says why nothing was seen; everything else is then empty.
	Err   error
	Facts host.Facts
	// System is how up to date the machine's system is.
	System   host.System
	Packages map[string]string
	// Unheld are those of the packages that an upgrade of the system would replace.
	Unheld    []string
	Unit      host.UnitState
	Files     map[string]host.FileState
	Main      Ownership
	HasUser   bool
	Addresses []Held
	// Hardware are the hardware addresses of the machine's interfaces.
	Hardware []string
	Others   []Instance
	Firewall Firewall
	// TakenBy is the hardware address that answers at the floating IP, asked from a
	// machine that is not part of it, and SeenOn the interface; empty where none does.
	TakenBy, SeenOn string
	Check           CheckResult
	// Maintenance is how the machine is recorded to be out of service.
	Maintenance tier.Maintenance
	// Role is the state that Keepalived last told: MASTER, BACKUP, FAULT or
	// empty.
	Role string
	// Sent is the digest of the part of the instance's file that says what the
	// machine sends and expects.
	Sent string
	// ReadStale says that Keepalived runs with an older configuration than the
	// one in its files.
	ReadStale bool
	// Instance is what the instance's file says.
	Instance instanceSeen
	// Asked says that the machine was asked who answers at the addresses of machines that
	// leave, and Answering has who does; nil where it could not ask.
	Asked     bool
	Answering map[string]string
	// Marker is the content of our marker; nil if there is none.
	Marker *host.Marker
}

// Reachable reports whether the machine was seen.
func (m Machine) Reachable() bool { return m.Err == nil }

// Ours reports whether the machine has anything of this floating IP.
func (m Machine) Ours(name string) bool {
	return m.Marker != nil || m.Files[instancePath(name)].Exists
}

// Status is a floating IP as it was seen.
type Status struct {
	Machines map[string]Machine
	// Holders are the machines that have an address of the floating IP, in the order
	// of their names. There should be exactly one.
	Holders []string
}

// Unreachable returns the machines that did not answer, in the order of their
// names.
func (s Status) Unreachable() []string {
	return s.names(func(m Machine) bool { return !m.Reachable() })
}

// names returns the machines for which holds is true, in order, but for some.
func (s Status) names(holds func(Machine) bool, except ...string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.Machines)) {
		if holds(s.Machines[name]) && !slices.Contains(except, name) {
			names = append(names, name)
		}
	}
	return names
}

// known reports whether any machine is part of the floating IP.
func (s Status) known(spec Spec) bool {
	return len(s.names(func(m Machine) bool { return m.Ours(spec.Name) })) > 0
}

// absent reports that no machine is.
func (s Status) absent(spec Spec) bool { return !s.known(spec) }

// errors returns the machines that did not answer, and why.
func (s Status) errors() map[string]error {
	errs := map[string]error{}
	for _, name := range s.Unreachable() {
		errs[name] = s.Machines[name].Err
	}
	return errs
}
