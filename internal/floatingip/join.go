package floatingip

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// A machine joins after all others have it among their peers and in their packet
// filters: what it says is heard from its first word on. One that leaves stays among
// them until nothing of the floating IP is on it any more. What differs between the
// machines on the way is only whom they speak to, and their priorities, so they can be
// told one after the other and hear each other all the time.

// Instance file as it was seen, by what it says.
type instanceSeen struct {
	// Agreed is the digest of what all machines have to agree on.
	Agreed string
	// Priority is the machine's; 0 without an instance.
	Priority int
	// Peers are the addresses that it speaks to, in order.
	Peers []string
}

var instanceScript = shell.Embedded(scripts, "instance")

func askJoin(spec Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("instance", instanceScript, instancePath(spec.Name))}}
}

func readJoin(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	for _, line := range answers.Parts.Lines("instance") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "agreed":
			seen.Instance.Agreed = value
		case "priority":
			seen.Instance.Priority, _ = strconv.Atoi(value)
		case "peer":
			seen.Instance.Peers = append(seen.Instance.Peers, value)
		}
	}
	slices.Sort(seen.Instance.Peers)
}

// own is what each machine has of its own in the file of an instance.
var own = regexp.MustCompile(`(?m)^    priority .*\n|^    unicast_peer \{\n(?:        .*\n)*    \}\n`)

// agreedIn is the digest of what all machines have to agree on in the file of an
// instance, with each its own address.
func agreedIn(instance host.File) string {
	_, after, _ := bytes.Cut(instance.Content, []byte("\nvrrp_instance "))
	return host.Digest(own.ReplaceAll(append([]byte("vrrp_instance "), after...), nil))
}

// members is the floating IP as its machines are told of it in this round: with those
// that leave and have not left, and with priorities that no two of them have.
func (d *draft) members() Spec {
	leaving := d.leaving()
	if len(leaving) == 0 {
		return d.spec
	}
	members := d.spec
	members.Nodes = slices.Concat(d.spec.Nodes, leaving)
	members.Priorities = d.interimPriorities(leaving)
	return members
}

// interimPriorities leave machines the priorities that they have: the numbers of those
// that leave are taken until they have left. One that joins gets its own if that is free,
// and otherwise the next one below it.
func (d *draft) interimPriorities(leaving []host.Node) map[string]int {
	given, taken := map[string]int{}, map[int]bool{}
	give := func(name string, priority int) { given[name], taken[priority] = priority, true }
	var joining []host.Node
	for _, node := range slices.Concat(d.spec.Nodes, leaving) {
		if now := d.machine(node).Instance.Priority; now > 0 && !taken[now] {
			give(node.Name, now)
		} else {
			joining = append(joining, node)
		}
	}
	for _, node := range joining {
		give(node.Name, freePriority(max(1, d.spec.priority(node.Name)), taken))
	}
	return given
}

// freePriority returns a priority that nobody has: the wanted one, or the next below it,
// or the next above it.
func freePriority(wanted int, taken map[int]bool) int {
	for priority := wanted; priority >= 1; priority-- {
		if !taken[priority] {
			return priority
		}
	}
	for priority := wanted + 1; ; priority++ {
		if !taken[priority] {
			return priority
		}
	}
}

// told are the machines whose files are kept as declared: all that are to stay, and
// those that leave and still speak while they would not hear one of the others.
func (d *draft) told() []host.Node {
	nodes := d.nodes()
	for _, node := range d.leaving() {
		machine := d.machine(node)
		file := d.instanceFile(node)
		wanted := d.group.peersOf(node.Name)
		if machine.Unit.Running() && machine.Instance.Agreed != "" &&
			(machine.Instance.Agreed != agreedIn(file) || !slices.Equal(machine.Instance.Peers, wanted)) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// joins reports whether a machine is to begin to speak while others do already.
func (d *draft) joins(node host.Node) bool {
	return d.machine(node).Instance.Agreed == "" &&
		len(d.status.names(func(m Machine) bool { return m.Instance.Agreed != "" })) > 0
}

// onlyRegroups reports whether a change leaves a machine as audible as it was: it is told
// of other peers, or of another priority.
func (d *draft) onlyRegroups(c change) bool {
	seen := d.machine(c.node)
	return !seen.ReadStale && seen.Instance.Agreed == agreedIn(d.instanceFile(c.node))
}

// regroupSteps tells machines one after the other, those without the address first, and
// in an order in which none takes a priority that another one still has. A mere exchange
// of priorities has no such order.
func (d *draft) regroupSteps(changes []change) []Step {
	slices.SortStableFunc(changes, func(a, b change) int {
		switch aHolds := d.isHolder(a.node.Name); {
		case aHolds == d.isHolder(b.node.Name):
			return 0
		case aHolds:
			return 1
		}
		return -1
	})
	has := map[string]int{}
	for name, machine := range d.status.Machines {
		has[name] = machine.Instance.Priority
	}
	var steps []Step
	for len(changes) > 0 {
		next := max(0, slices.IndexFunc(changes, func(c change) bool {
			for name, priority := range has {
				if name != c.node.Name && priority == d.group.priority(c.node.Name) {
					return false
				}
			}
			return true
		}))
		has[changes[next].node.Name] = d.group.priority(changes[next].node.Name)
		steps = append(steps, changes[next].step())
		changes = slices.Delete(changes, next, next+1)
	}
	return steps
}
