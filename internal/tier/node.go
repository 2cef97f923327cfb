package tier

// Node is a node of a cluster, with what a change makes of it.
type Node struct {
	Name string
	// Address is how its peers reach it; empty while that is not known, and for a
	// node that leaves.
	Address string
	// FormerAddress is how they reached it before; empty for a node that joins.
	FormerAddress string
	Change        Change
}

// Moved reports whether the peers are to reach the node at another address.
func (n Node) Moved() bool {
	return n.Address != "" && n.FormerAddress != "" && n.Address != n.FormerAddress
}

// FormerName is what the machine is called that was a node before another machine took
// its place. No node has such a name, because a name has no spaces.
func FormerName(node string) string { return "former " + node }

// Change is what becomes of a node.
type Change string

const (
	// Stays is the machine that the node was before.
	Stays Change = "stays"
	// Joins is a node that the cluster did not have.
	Joins Change = "joins"
	// Leaves is a node that is declared no more.
	Leaves Change = "leaves"
	// Replaced is another machine in a node's place.
	Replaced Change = "replaced"
)
