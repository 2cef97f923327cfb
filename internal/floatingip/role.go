package floatingip

import (
	"path"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func rolePath(name string) string { return path.Join(programsPath, "role-"+name) }

// The priority of a holder is its rank, which is above all priorities of machines
// that hold nothing: it begins at the highest that VRRP leaves to others than
// an address's owner, and is lowered every rankSeconds as far as is due.
const (
	highestPriority = 150
	highestRank     = 254
	rankSeconds     = 2
)

// roleValues are what the program of a node is filled with that Keepalived calls.
type roleValues struct {
	Spec
	IP       string
	Priority int
	Peers    []string
	// HighestRank is a new holder's priority; it falls to LowestRank, and is looked
	// at every RankSeconds.
	HighestRank, LowestRank, RankSeconds int
}

// roleFile is what Keepalived calls when its state changes. It notes the state, and
// lowers the rank of a holder.
func roleFile(s Spec, node host.Node) host.File {
	return host.File{Path: rolePath(s.Name), Mode: "0755", Content: fill("role.sh.tmpl", roleValues{
		Spec: s, IP: s.ip(), Priority: s.priority(node.Name), Peers: s.peersOf(node.Name),
		HighestRank: highestRank, LowestRank: highestPriority + 1, RankSeconds: rankSeconds,
	})}
}

var roleScript = shell.Embedded(scripts, "role")

func askRolePart(spec Spec) shell.Part { return shell.Ask("role", roleScript, spec.Name) }

func askRole(spec Spec, _ string) tier.Questions {
	return tier.Questions{Files: []string{rolePath(spec.Name)}, Parts: []shell.Part{askRolePart(spec)}}
}

func readRole(_ Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Role = answers.Parts["role"].Out
}
