package host

import (
	"context"
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	factsScript      = shell.Embedded(scripts, "facts")
	systemUserScript = shell.Embedded(scripts, "system-user")
)

// Facts are what a machine says of itself.
type Facts struct {
	// Distribution and Version are ID and VERSION_ID of /etc/os-release: "debian", "12".
	Distribution string
	Version      string
	// MemoryMiB is the machine's memory, or the limit of its control groups where that
	// is less.
	MemoryMiB int
	// MemoryShared says that the memory is that of a computer on which the machine is
	// a container without a limit: nobody knows how much of it is the machine's.
	MemoryShared bool
	// Addresses are its own addresses with prefix lengths: "10.0.0.11/24".
	Addresses []Address
}

// Address is an address of a machine and the interface that has it.
type Address struct {
	Interface string
	CIDR      string
}

// AskFacts asks for [Facts]; [ParseFacts] reads the answer. A limit of memory may be
// on the control group of the first process or on any above it, in version 1 in a
// hierarchy of its own. Containers with a control group namespace see theirs as the
// root.
func AskFacts(name string) shell.Part {
	return shell.Ask(name, factsScript)
}

// ParseFacts reads the answer to [AskFacts].
func ParseFacts(answer shell.Answer) Facts {
	var facts Facts
	for line := range strings.Lines(answer.Out) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "distribution":
			facts.Distribution = fields[1]
		case "version":
			facts.Version = fields[1]
		case "memory":
			// What is not a number stays 0: not known.
			_, _ = fmt.Sscan(fields[1], &facts.MemoryMiB)
		case "memory-of":
			facts.MemoryShared = fields[1] == "computer"
		case "address":
			if len(fields) == 3 {
				facts.Addresses = append(facts.Addresses, Address{Interface: fields[1], CIDR: fields[2]})
			}
		}
	}
	return facts
}

// SupportError says that a machine runs a system that the provider does not
// know how to install software on.
type SupportError struct {
	Node         string
	Distribution string
	Version      string
}

// Error names the system that was found and those that are known.
func (e *SupportError) Error() string {
	return fmt.Sprintf("cannot manage %s: it runs %s %s; Debian and Ubuntu are supported", e.Node, e.Distribution, e.Version)
}

// Supported returns an error if the provider cannot manage such a machine.
func (f Facts) Supported(node string) error {
	if f.Distribution == "debian" || f.Distribution == "ubuntu" {
		return nil
	}
	return &SupportError{Node: node, Distribution: f.Distribution, Version: f.Version}
}

// SystemUser makes a system user without a login, if it does not exist.
func (h *Host) SystemUser(ctx context.Context, user string) error {
	return h.do(ctx, "make system user "+user, shell.Script(systemUserScript, user))
}
