package website

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// LabMachines are the machines of a site in the lab. It implements [Machines] past their
// networks and their sshd.
type LabMachines struct {
	Hardware *machine.Region
	// Numbers are the lab's numbers of the machines by node.
	Numbers map[string]int
}

// FindMachines returns the machines of a lab by the names of their nodes. Two machines of
// one node are an error: one of them is being replaced by the other.
func FindMachines(ctx context.Context, client docker.CLI, lab string) (map[string]int, error) {
	containers, err := machine.List(ctx, client, lab)
	if err != nil {
		return nil, err
	}
	found := map[string]int{}
	for _, container := range containers {
		if container.Kind != "machine" {
			continue
		}
		number, err := strconv.Atoi(container.ID)
		if err != nil {
			return nil, fmt.Errorf("cannot read the number of machine %s: %w", container.Label, err)
		}
		node := NodeOf(container.Label)
		if other, twice := found[node]; twice {
			return nil, fmt.Errorf("%s is machine %d and machine %d", node, other, number)
		}
		found[node] = number
	}
	return found, nil
}

// NodeOf returns the node that a label is of: db1 for website-db1 and website-db1-g2.
func NodeOf(label string) string {
	node, _, _ := strings.Cut(strings.TrimPrefix(label, "website-"), "-g")
	return node
}

// NodesOf sorts nodes into the tiers that their names begin with.
func NodesOf(numbers map[string]int) map[Tier][]string {
	nodes := map[Tier][]string{}
	for _, node := range slices.Sorted(maps.Keys(numbers)) {
		tier := Tier(strings.TrimRight(node, "0123456789"))
		nodes[tier] = append(nodes[tier], node)
	}
	return nodes
}

// Exec implements [Machines].
func (l LabMachines) Exec(ctx context.Context, node string, argv []string, stdin io.Reader, stdout io.Writer) error {
	number, found := l.Numbers[node]
	if !found {
		return fmt.Errorf("cannot find a machine of node %s", node)
	}
	return l.Hardware.Stream(ctx, number, argv, stdin, stdout)
}

// silence loses whatever a machine sends from now on.
const silence = `nft -f - <<'end'
table inet power {
    chain out { type filter hook output priority -300; policy drop; }
}
end`

// PowerOff cuts a machine's power. Its kernel, which is the lab's and lives on, would
// tell the peers that its connections are closed; they shall have to find out. The
// silence ends with the machine's network, that is before it boots.
func (l LabMachines) PowerOff(ctx context.Context, node string) error {
	number, found := l.Numbers[node]
	if !found {
		return fmt.Errorf("cannot find a machine of node %s", node)
	}
	if _, err := l.Hardware.Exec(ctx, number, []string{"sh", "-c", silence}, nil); err != nil {
		return fmt.Errorf("cannot silence %s: %w", node, err)
	}
	return l.Hardware.PowerOff(ctx, number)
}
