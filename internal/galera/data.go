package galera

import (
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// NoHistory is the UUID of a data directory that never was part of a cluster.
const NoHistory = "00000000-0000-0000-0000-000000000000"

// Position is a place in a history.
type Position struct {
	UUID            string
	Seqno           int64
	SafeToBootstrap bool
}

// HasData reports whether the position belongs to any history.
func (p Position) HasData() bool { return p.UUID != "" && p.UUID != NoHistory }

var systemSchemas = []string{"mysql", "performance_schema", "information_schema", "sys", "test"}

var dataScript = shell.Embedded(scripts, "data")

func askData(Spec, string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("data", dataScript, dataDirectory)}}
}

func readData(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.parseData(answers.Parts["data"].Out)
}

// parseData reads what lies in the data directory.
func (n *NodeStatus) parseData(out string) {
	n.Saved.Seqno = -1
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "schema":
			if !engineDirectory(value) {
				n.Schemas = append(n.Schemas, value)
			}
		case "view_id":
			n.SavedView, n.View = true, value
		case "member":
			n.ViewMembers++
		case "uuid":
			n.Saved.UUID = value
		case "departed":
			n.Departed = value
		case "seqno":
			if seqno, err := strconv.ParseInt(value, 10, 64); err == nil {
				n.Saved.Seqno = seqno
			}
		case "free":
			n.Free = product(value)
		case "size":
			n.FileSystemSize = product(value)
		case "system":
			n.FileSystem = value
		case "cache":
			n.Cache = product(value + " 1")
		case "used":
			n.Used = product(value)
		case "safe_to_bootstrap":
			n.Saved.SafeToBootstrap = value == "1"
		}
	}
	slices.Sort(n.Schemas)
}

// product reads "blocks size" as bytes; 0 is not known.
func product(blocks string) int64 {
	a, b, _ := strings.Cut(blocks, " ")
	count, errCount := strconv.ParseInt(a, 10, 64)
	size, errSize := strconv.ParseInt(b, 10, 64)
	if errCount != nil || errSize != nil {
		return 0
	}
	return count * size
}

// engineDirectory reports whether a directory in the data directory is not a
// schema of the user's. A file system's root brings lost+found.
func engineDirectory(name string) bool {
	return name == "" || name[0] == '#' || name[0] == '.' || name == "lost+found" || slices.Contains(systemSchemas, name)
}
