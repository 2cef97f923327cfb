package gluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
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
	seen.Connected = slices.Sorted(maps.Keys(connections(answers.Parts["clients"].Out)))
}

// connections are how many connections there are by the address of the client.
func connections(said string) map[string]int {
	counts := map[string]int{}
	for line := range strings.Lines(said) {
		var address string
		var count int
		if _, err := fmt.Sscan(line, &address, &count); err == nil {
			counts[address] = count
		}
	}
	return counts
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

// clientsLimit is how long a client that is gone counts at most: a server gives up a dead
// connection within a minute, by its own options.
const clientsLimit = 2 * time.Minute

// waitClients waits until every client that is connected to one brick is connected to all.
// glusterd tells clients of new bricks, and a client that has not heard of them looks for
// files in the old sets alone: it would miss those that are moved. Servers are connected to
// all bricks in any case, by their self-heal daemons, so a mount on a server shows nothing.
//
// Before files are moved off bricks that leave there is nothing like it: a client is
// connected to them until the end, whether it has heard or not. What one writes there in
// vain is found by the search for files that were left.
func waitClients(spec Spec) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		var behind []string
		err := reconcile.WaitAtMost(ctx, clientsLimit, "clients to be connected to all bricks", clientInterval, func(ctx context.Context) (string, error) {
			counts := map[string]map[string]int{}
			for _, node := range spec.Nodes {
				result, err := hosts[node.Name].Run(ctx, shell.Script(clientsScript, spec.Name))
				if err != nil {
					return "", fmt.Errorf("cannot list the clients of the brick on %s: %w", node.Name, err)
				}
				counts[node.Name] = connections(string(result.Stdout))
			}
			behind = spec.behind(counts)
			return strings.Join(behind, "; "), nil
		})
		if err == nil || len(behind) == 0 || ctx.Err() != nil {
			return err
		}
		return &reconcile.RefusedError{
			What: "move files of volume " + spec.Name + " between its sets", Evidence: behind,
			Remedy: "Such a client does not know all bricks, or does not reach them: see its log, and mount the volume there again. Then apply.",
		}
	}
}

// behind says which clients have fewer connections to one brick than to another.
func (s Spec) behind(counts map[string]map[string]int) []string {
	most, at := map[string]int{}, map[string]string{}
	for _, node := range s.Nodes {
		for address, count := range counts[node.Name] {
			if count > most[address] && !slices.Contains(s.addresses(), address) {
				most[address], at[address] = count, node.Name
			}
		}
	}
	var reasons []string
	for _, address := range slices.Sorted(maps.Keys(most)) {
		for _, node := range s.Nodes {
			if count := counts[node.Name][address]; count < most[address] {
				reasons = append(reasons, fmt.Sprintf("%s is connected %d times to the brick of %s and %d times to that of %s", address, most[address], at[address], count, node.Name))
				break
			}
		}
	}
	return reasons
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
