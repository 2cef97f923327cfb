package host

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var readinessScript = shell.Embedded(scripts, "readiness")

// Readiness is what is asked of a machine once, before a run changes it. It is no part
// of what a refresh asks.
type Readiness struct {
	// BootID is the kernel's name of the time since it was booted. Containers of one
	// kernel have the same.
	BootID string
	// Stopping says that it is shutting down.
	Stopping bool
	// Ahead is how far its clock was before ours when it answered.
	Ahead time.Duration
	// FreeMiB is the least that is free where packages go, on the file system FreeOn;
	// 0 and empty where that is not known.
	FreeMiB int
	FreeOn  string
	// Listeners are programs by the TCP port that they listen at.
	Listeners map[int]string
}

// AskReadiness asks for [Readiness]; [ParseReadiness] reads the answer.
func AskReadiness(name string) shell.Part {
	return shell.Ask(name, readinessScript)
}

// listener is how ss names the program that has a socket (ss(8), "--processes").
var listener = regexp.MustCompile(`\(\("([^"]+)"`)

// ParseReadiness reads the answer to [AskReadiness], which came at the time now.
func ParseReadiness(answer shell.Answer, now time.Time) Readiness {
	ready := Readiness{Listeners: map[int]string{}}
	for line := range strings.Lines(answer.Out) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		var number int
		_, err := fmt.Sscan(fields[1], &number)
		switch {
		case fields[0] == "boot":
			ready.BootID = fields[1]
		case fields[0] == "state":
			ready.Stopping = fields[1] == "stopping"
		case err != nil:
		case fields[0] == "clock":
			ready.Ahead = time.Unix(int64(number), 0).Sub(now.Truncate(time.Second))
		case fields[0] == "free" && len(fields) == 3 && (ready.FreeOn == "" || number < ready.FreeMiB):
			ready.FreeMiB, ready.FreeOn = number, fields[2]
		case fields[0] == "listener":
			if program := listener.FindStringSubmatch(line); program != nil {
				ready.Listeners[number] = program[1]
			}
		}
	}
	return ready
}

// sameMachine reports whether two descriptions are of one machine: one kernel since one
// boot, with the same addresses. Machines behind translated addresses may have equal
// ones, and containers share the kernel.
func sameMachine(a, b Checked) bool {
	addresses := func(c Checked) []string {
		var all []string
		for _, address := range c.Facts.Addresses {
			if address.Interface != "lo" {
				all = append(all, address.Interface+" "+address.CIDR)
			}
		}
		slices.Sort(all)
		return all
	}
	theirs := addresses(a)
	return a.Ready.BootID != "" && a.Ready.BootID == b.Ready.BootID && len(theirs) > 0 && slices.Equal(theirs, addresses(b))
}

// Checked is a machine of which both is known, under the name of its node.
type Checked struct {
	Node  Node
	Facts Facts
	Ready Readiness
}

// Twice returns pairs of nodes that are one machine, in the order of their names.
func Twice(machines []Checked) [][2]string {
	var pairs [][2]string
	for i, machine := range machines {
		for _, other := range machines[:i] {
			if sameMachine(other, machine) {
				pairs = append(pairs, [2]string{other.Node.Name, machine.Node.Name})
				break
			}
		}
	}
	return pairs
}

// MostSkew is by how much the clocks of a tier may differ before that is told. Time
// synchronization keeps them within a fraction of a second; what is asked takes some.
const MostSkew = 30 * time.Second

// Skewed says which clocks differ from that of most machines, and by how much; it is
// empty for none.
func Skewed(machines []Checked) string {
	if len(machines) == 0 {
		return ""
	}
	byClock := slices.SortedFunc(slices.Values(machines), func(a, b Checked) int { return int(a.Ready.Ahead.Milliseconds() - b.Ready.Ahead.Milliseconds()) })
	middle := byClock[len(byClock)/2]
	var said []string
	for _, machine := range machines {
		by, word := machine.Ready.Ahead-middle.Ready.Ahead, "ahead of"
		if by < 0 {
			by, word = -by, "behind"
		}
		if by > MostSkew {
			said = append(said, fmt.Sprintf("the clock of %s is %s %s that of %s", machine.Node.Name, by.Round(time.Second), word, middle.Node.Name))
		}
	}
	return strings.Join(said, "; ")
}

// Has reports whether the machine has an address. It is true where nothing is known.
func (f Facts) Has(address string) bool {
	return len(f.Addresses) == 0 || slices.ContainsFunc(f.Addresses, func(a Address) bool {
		own, _, _ := strings.Cut(a.CIDR, "/")
		return own == address
	})
}

// Listed has the addresses that others may reach, with their interfaces.
func (f Facts) Listed() string {
	var has []string
	for _, a := range f.Addresses {
		if own, _, _ := strings.Cut(a.CIDR, "/"); a.Interface != "lo" {
			has = append(has, own+" on "+a.Interface)
		}
	}
	if len(has) == 0 {
		return "no address"
	}
	return strings.Join(has, ", ")
}
