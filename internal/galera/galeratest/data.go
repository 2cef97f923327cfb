package galeratest

import (
	"cmp"
	"fmt"
	"strings"
)

// lies is what lies in the data directory, in the words of the real question.
func (s *Cluster) lies(node *Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "size %d 4096\nsystem ext2/ext3\n", node.Disk/4096)
	// A device has the data also where no package is.
	if !node.Installed && node.UUID == "" {
		return b.String()
	}
	if node.Cache > 0 {
		fmt.Fprintf(&b, "cache %d\n", node.Cache)
	}
	b.WriteString("schema mysql\nschema performance_schema\nschema sys\n")
	for _, schema := range node.Schemas {
		fmt.Fprintf(&b, "schema %s\n", schema)
	}
	if h := s.Past[node.history()]; h != nil {
		for _, schema := range sorted(h.Databases) {
			fmt.Fprintf(&b, "schema %s\n", schema)
		}
	}
	if node.View != "" {
		fmt.Fprintf(&b, "view_id %s\n%s", node.View, strings.Repeat("member x 0\n", node.ViewSize))
	}
	if node.UUID != "" {
		safe := 0
		if node.Safe {
			safe = 1
		}
		fmt.Fprintf(&b, "uuid %s\nseqno %d\nsafe_to_bootstrap %d\n", node.UUID, node.Seqno, safe)
	}
	if node.UUID == "" && node.Departed != "" {
		fmt.Fprintf(&b, "departed %s\n", node.Departed)
	}
	if node.Free > 0 {
		fmt.Fprintf(&b, "free %d 4096\nused %d 1\n", node.Free/4096, node.Used)
	}
	return b.String()
}

// history is the UUID of what lies in the data directory, whether a server would find it
// or not.
func (n *Node) history() string { return cmp.Or(n.UUID, n.Departed) }

func (at machine) data() {
	at.query("galera-data", func(args []string) (string, int) {
		if unmounted(at.m, args[0]) {
			return "", 0
		}
		return at.lies(at.node), 0
	})
}
