package gluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var healScript = shell.Embedded(scripts, "heal")

// BrickHeal is what is to be healed on a brick.
type BrickHeal struct {
	Name      string
	Connected bool
	State     string
	// Pending and SplitBrain count entries; a brick that is not connected has none.
	Pending, SplitBrain int
}

// whyNotConnected says in plain words why a client could not ask a brick. The client's own
// text for a connection that is missing is that of errno ENOTCONN, alone or after "Failed to
// process entries completely" (heal/src/glfs-heal.c of GlusterFS).
func (b BrickHeal) whyNotConnected() string {
	if strings.Contains(b.State, "Transport endpoint is not connected") {
		return "there is no connection between them. A packet filter, a lost network or a brick that does not answer can be the reason"
	}
	return fmt.Sprintf("GlusterFS says there %q", b.State)
}

func askHeal(spec inquiry, node string) tier.Questions {
	if !spec.asClient(node) {
		return tier.Questions{}
	}
	return tier.Questions{Parts: []shell.Part{healPart(spec.Name)}}
}

// healPart asks for what a client on the machine sees.
func healPart(volume string) shell.Part { return shell.Ask("heal", healScript, volume) }

func readHeal(_ inquiry, _ string, answers tier.Answers, seen *Node) { seen.hear(answers.Parts) }

// canAsk reports whether a machine can be asked as a client of a volume.
func (n Node) canAsk(volume string) bool {
	v, found := n.volume(volume)
	return n.answers() && found && v.State == volumeStarted
}

// hear takes the answer to [healPart] in.
func (n *Node) hear(answers shell.Answers) {
	_, n.AskedAsClient = answers["heal"]
	switch heal := answers["heal"]; {
	case heal.Status == uncounted:
		n.Heal, n.HealErr, n.Linked = nil, errCounting, answers.Lines("heal")
	case heal.Out != "" || heal.Status != 0:
		told := strings.SplitN(heal.Out, xmlBegin, 3)
		output, err := parseOutput(strings.Join(told[:min(2, len(told))], xmlBegin))
		n.Heal, n.HealErr = output.heal(), err
		if len(told) == 3 {
			list, err := parseOutput(xmlBegin + told[2])
			n.Contradictions, n.Listed = list.contradictions(), err == nil
		}
	}
}

// uncounted is the exit status of the question when counting took too long.
const uncounted = 124

// errCounting is why nothing is known of what is to be healed where that is so much. No
// other machine counts faster.
var errCounting = errors.New("what is to be healed could not be counted in time")

// counting reports whether what is to be healed could not be counted in time. Clients may
// be served all the same: [Node.Linked] has what they are connected to.
func (n Node) counting() bool { return errors.Is(n.HealErr, errCounting) }

// askAnyClient asks the first machine that can for a client's view, if none has
// given one yet.
func askAnyClient(ctx context.Context, views host.Views, spec Spec, status Status) {
	for _, name := range spec.mayBeAsked() {
		seen := status.Nodes[name]
		if seen.AskedAsClient || !seen.canAsk(spec.Name) {
			continue
		}
		answers, err := views[name].Ask(ctx, healPart(spec.Name))
		if err != nil {
			continue
		}
		if seen.hear(answers); len(seen.Heal) > 0 || seen.counting() {
			status.Nodes[name] = seen
			return
		}
	}
}

// clients are the machines that were asked how they reach the bricks.
func (d *draft) clients() []string {
	return slices.DeleteFunc(names(d.reached), func(name string) bool { return !d.status.Nodes[name].AskedAsClient })
}

// nothingToHeal reports that a client has counted and found nothing.
func (d *draft) nothingToHeal() bool {
	clients := d.clients()
	return len(clients) > 0 && len(d.status.Nodes[clients[0]].Heal) > 0 && healReason(d.status, clients) == ""
}

// splitBrain says where the copies of a file contradict each other; empty if they
// do nowhere.
func (d *draft) splitBrain() string {
	for _, name := range d.status.Names() {
		for _, brick := range d.status.Nodes[name].Heal {
			if brick.SplitBrain > 0 {
				return fmt.Sprintf("%d entries of brick %s are in split brain", brick.SplitBrain, brick.Name)
			}
		}
	}
	return ""
}

func healReason(status Status, nodes []string) string {
	for _, name := range nodes {
		for _, brick := range status.Nodes[name].Heal {
			if brick.SplitBrain > 0 {
				return fmt.Sprintf("%d entries of brick %s are in split brain", brick.SplitBrain, brick.Name)
			}
			if brick.Pending > 0 {
				return fmt.Sprintf("%d entries are still to be healed from brick %s", brick.Pending, brick.Name)
			}
		}
	}
	return ""
}

// unhealedReason says why it is not known that nothing is left to be healed among the
// machines that stand: nobody could be asked, a brick could not be counted, or there is
// something.
func unhealedReason(spec Spec, status Status) string {
	d := newDraft(spec, status)
	d.setAside()
	asked := false
	for _, name := range status.Names() {
		seen := status.Nodes[name]
		if !seen.AskedAsClient {
			continue
		}
		asked = true
		if reason := cmp.Or(serveReason(d.spec, status, []string{name}, names(d.reached)), countReason(status, name)); reason != "" {
			return reason
		}
	}
	if !asked {
		return noClient
	}
	return healReason(status, status.Names())
}

// noClient is why nothing is known where nobody gave an answer as a client.
const noClient = "no machine can be asked as a client"

// countReason says that a client could not count what is to be healed.
func countReason(status Status, client string) string {
	if seen := status.Nodes[client]; seen.counting() {
		return fmt.Sprintf("%v on %s", seen.HealErr, client)
	}
	return ""
}

// waitHealed waits until nothing is left to be healed, which is for the moment
// before a server is taken out: what it alone has would be away with it. One
// machine is asked now and then.
func waitHealed(spec Spec, started bool) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if !started {
			return nil
		}
		return watch{
			limit: healLimit, what: "volume " + spec.Name + " to be healed",
			reason: func(status Status) string { return servedReason(spec, status) },
			client: clientWatch{interval: healInterval, each: impatient(spec, hosts), reason: func(status Status) string {
				return unhealedReason(spec, status)
			}},
		}.wait(ctx, hosts.Views(), spec)
	}
}

// impatient asks for a heal of what nobody was told of: a self-heal daemon looks
// by itself when a server comes back, and otherwise only now and then. What the
// first look finds may be written this very moment.
func impatient(spec Spec, hosts host.Hosts) func(context.Context, Status) {
	found := 0
	return func(ctx context.Context, status Status) {
		reason := unhealedReason(spec, status)
		if reason == "" {
			found = 0
			return
		}
		reconcile.Tell(ctx, reason)
		if found++; found > 1 {
			for _, name := range status.Names() {
				if status.Nodes[name].AskedAsClient {
					// "heal" answers in prose, and what it did is what the wait sees.
					_, _ = gluster(ctx, hosts[name], "volume", "heal", spec.Name)
				}
			}
		}
	}
}

// Healing says in a sentence for each brick what GlusterFS is copying to others
// that missed it, as the machines see it that were asked.
func (s Status) Healing(volume string) []string {
	pending := map[string]int{}
	var sentences []string
	for _, name := range s.Names() {
		node := s.Nodes[name]
		if reason := countReason(s, name); reason != "" {
			sentences = append(sentences, fmt.Sprintf("Of volume %s, %s. Until it is healed, files can have fewer copies than the volume promises. Take no file server out of service.", volume, reason))
		}
		for _, brick := range node.Heal {
			pending[brick.Name] = max(pending[brick.Name], brick.Pending)
		}
	}
	for _, brick := range slices.Sorted(maps.Keys(pending)) {
		if pending[brick] > 0 {
			sentences = append(sentences, fmt.Sprintf("%d entries of volume %s that brick %s has are still to be healed on other bricks: "+
				"until then they have fewer copies than the volume promises. Take no other file server out of service.", pending[brick], volume, brick))
		}
	}
	return sentences
}
