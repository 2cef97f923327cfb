package gluster

import (
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// GlusterFS hangs up on a client as soon as it is not let in any more, and Terraform
// changes a volume before what mounts it. A client that is taken out of the list is let in
// for as long as it has the volume mounted, until the apply after the one that takes it
// out: in between, what mounts the volume there can be taken out of service.

var clientsScript = shell.Embedded(scripts, "clients")

// askClients asks who has the volume mounted, where somebody is to be let in no more.
func askClients(spec inquiry, _ string) tier.Questions {
	if len(spec.FormerClients) == 0 {
		return tier.Questions{}
	}
	return tier.Questions{Parts: []shell.Part{shell.Ask("clients", clientsScript, spec.Name)}}
}

func readClients(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Connected = answers.Parts.Lines("clients")
}

// lingering returns the addresses of clients that are declared no more and have the volume
// mounted.
func (s Spec) lingering(status Status) []string {
	var connected []string
	for _, name := range status.Names() {
		connected = append(connected, status.Nodes[name].Connected...)
	}
	slices.Sort(connected)
	return slices.DeleteFunc(slices.Compact(connected), func(client string) bool {
		former := slices.ContainsFunc(s.FormerClients, func(pattern string) bool { return letsIn(pattern, client) })
		return !former || len(s.Disconnected([]string{client})) == 0
	})
}

// admitting is the spec with the clients that are let in a little longer.
func (s Spec) admitting(status Status) Spec {
	s.Clients = append(slices.Clone(s.Clients), s.lingering(status)...)
	return s
}

// clientNotices say who is let in a little longer.
func (s Spec) clientNotices(status Status) []string {
	lingering := s.lingering(status)
	if len(lingering) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("Volume %s is still mounted at %s, which clients no longer lists. The next apply disconnects it: take what uses it out of service first.",
		s.Name, joinWords(lingering))}
}
