package tier

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Health is how a cluster is, as one observation shows it.
type Health struct {
	// Serving says how much of the cluster serves: "2 of 3 nodes are Synced members". It
	// names nothing that changes while the cluster stays healthy.
	Serving string
	// Problems are sentences without a full stop, the worst first; a healthy cluster has
	// none.
	Problems []string
	// Nodes are the declared nodes, by name.
	Nodes map[string]NodeHealth
}

// NodeHealth is how one node is.
type NodeHealth struct {
	// Unreachable is why the machine was not seen; empty if it was, and everything else
	// is empty otherwise.
	Unreachable string
	// Role is what the node does in the cluster, in a word of its tier.
	Role string
	// State is what the daemon, or systemd of the daemon, says of itself.
	State string
	// Version is what the running server says that it is; empty where none says so.
	Version string
	// Packages are the versions of the packages that the tier needs, by name.
	Packages map[string]string
	// Figures are measures of the tier, by name. One that is not known is missing.
	Figures map[string]float64
}

// Healthy reports whether there is no problem.
func (h Health) Healthy() bool { return len(h.Problems) == 0 }

// Summary is the health in one sentence.
func (h Health) Summary() string {
	text := h.Serving
	switch more := len(h.Problems) - 1; {
	case more == 0:
		text += "; " + h.Problems[0]
	case more > 0:
		text += fmt.Sprintf("; %s (and %s)", h.Problems[0], plural(more, "more problem"))
	}
	return Capitalized(strings.TrimRight(text, ".")) + "."
}

// Problem appends a problem. Errors of several lines become one line.
func (h *Health) Problem(format string, args ...any) {
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	if !slices.Contains(h.Problems, text) {
		h.Problems = append(h.Problems, text)
	}
}

// Missing records the machines that were not seen.
func (h *Health) Missing(errs map[string]error) {
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		h.Nodes[name] = NodeHealth{Unreachable: strings.Join(strings.Fields(errs[name].Error()), " ")}
		h.Problem("%s was not seen: %v", name, errs[name])
	}
}

// RoleMaintenance is the role of a node of any tier that is out of service on the user's
// word. That it does not serve is no problem of its own.
const RoleMaintenance = "maintenance"

// Maintained gives the nodes in maintenance their role, and tells of them with how much of
// the cluster serves.
func (h *Health) Maintained(recorded map[string]Maintenance) {
	for _, name := range sortedNames(recorded) {
		node, seen := h.Nodes[name]
		if how := recorded[name]; how != "" && seen {
			node.Role = RoleMaintenance
			h.Nodes[name] = node
			h.Serving += fmt.Sprintf(", %s is %s", name, how)
		}
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
