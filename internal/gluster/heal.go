package gluster

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
	if heal := answers["heal"]; heal.Out != "" || heal.Status != 0 {
		output, err := parseOutput(heal.Out)
		n.Heal, n.HealErr = output.heal(), err
	}
}

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
		if seen.hear(answers); len(seen.Heal) > 0 {
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
				return healReason(status, status.Names())
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
		reason := healReason(status, status.Names())
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
	for _, node := range s.Nodes {
		for _, brick := range node.Heal {
			pending[brick.Name] = max(pending[brick.Name], brick.Pending)
		}
	}
	var sentences []string
	for _, brick := range slices.Sorted(maps.Keys(pending)) {
		if pending[brick] > 0 {
			sentences = append(sentences, fmt.Sprintf("%d entries of volume %s that brick %s has are still to be healed on other bricks: "+
				"until then they have fewer copies than the volume promises. Take no other file server out of service.", pending[brick], volume, brick))
		}
	}
	return sentences
}
