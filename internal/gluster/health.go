package gluster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Roles of a node as [HealthOf] tells them. A machine that the volume has no brick on is
// outside.
const (
	RoleBrick   = "brick"
	RoleArbiter = "arbiter"
	RoleOutside = "outside"
)

// stateOnline is the state of a brick that serves. Any other state says why it does not.
const stateOnline = "online"

// Figures of a node as [HealthOf] tells them. They are known while the volume is
// started, of bricks that are connected.
const (
	// FigureHealBacklog is how many entries the brick has that others have missed.
	FigureHealBacklog = "heal_backlog"
	// FigureSplitBrain is how many entries contradict those of other bricks.
	FigureSplitBrain = "split_brain"
)

// HealthOf says how a volume is. It is pure. A machine that is away counts as a problem,
// and so do entries that are to be healed.
func HealthOf(spec Spec, status Status) tier.Health {
	spec = spec.completed(status)
	spec.Maintenance = status.maintained()
	d := newDraft(spec, status)
	d.setAside()
	health := tier.Health{Nodes: map[string]tier.NodeHealth{}}
	online := 0
	for _, node := range spec.Nodes {
		seen := d.nodeHealth(node)
		health.Nodes[node.Name] = seen
		if seen.State == stateOnline {
			online++
		}
	}
	health.Serving = fmt.Sprintf("%d of %d bricks are online", online, len(spec.Nodes))
	for _, problem := range d.healthProblems() {
		health.Problem("%s", problem)
	}
	health.Missing(d.unseen())
	for _, node := range spec.Nodes {
		if state := health.Nodes[node.Name].State; state != stateOnline && state != "" && !spec.stands(node.Name, d.seen(node)) {
			health.Problem("%s does not serve its brick: %s", node.Name, state)
		}
	}
	for _, problem := range d.backlogProblems() {
		health.Problem("%s", problem)
	}
	health.Maintained(spec.Maintenance)
	return health
}

// errNotAsked is what is known of a declared machine that nobody looked at.
var errNotAsked = errors.New("the machine was not asked")

// completed returns a spec of which no more than name and nodes are known with what was
// seen of the volume, and any other as it is.
func (s Spec) completed(status Status) Spec {
	volume, found := status.Volume(s.Name)
	if s.BrickPath != "" || len(s.BrickPaths) > 0 || !found {
		return s
	}
	s.BrickPaths = map[string]string{}
	places := map[string]int{}
	for _, node := range s.Nodes {
		for i, brick := range volume.Bricks {
			if path, ours := strings.CutPrefix(brick.Name, node.Address+":"); ours {
				s.BrickPaths[node.Name], places[node.Name] = path, i
			}
		}
	}
	s.Replica, s.Arbiter, s.Disperse, s.Redundancy = volume.Replica, volume.Arbiter, volume.Disperse, volume.Redundancy
	s.Nodes = slices.SortedStableFunc(slices.Values(s.Nodes), func(a, b host.Node) int { return cmp.Compare(places[a.Name], places[b.Name]) })
	return s
}

// unseen returns why declared machines were not seen.
func (d *draft) unseen() map[string]error {
	errs := map[string]error{}
	for _, node := range d.spec.Nodes {
		if seen, found := d.status.Nodes[node.Name]; !found {
			errs[node.Name] = errNotAsked
		} else if seen.Err != nil {
			errs[node.Name] = seen.Err
		}
	}
	return errs
}

// nodeHealth is how one machine is, as it sees itself and as a client sees its brick.
func (d *draft) nodeHealth(node host.Node) tier.NodeHealth {
	seen, found := d.status.Nodes[node.Name]
	if !found || seen.Err != nil {
		return tier.NodeHealth{}
	}
	health := tier.NodeHealth{Role: d.roleOf(node), State: d.stateOf(node), Packages: seen.Packages, Figures: map[string]float64{}}
	if brick, known := d.asClientsSee(node); known && brick.Connected {
		health.Figures[FigureHealBacklog], health.Figures[FigureSplitBrain] = float64(brick.Pending), float64(brick.SplitBrain)
	}
	return health
}

func (d *draft) roleOf(node host.Node) string {
	for _, brick := range d.volume.Bricks {
		switch {
		case brick.Name != d.spec.brick(node):
		case brick.Arbiter:
			return RoleArbiter
		default:
			return RoleBrick
		}
	}
	return RoleOutside
}

// stateOf says whether a brick is online, and otherwise why it is not.
func (d *draft) stateOf(node host.Node) string {
	seen := d.seen(node)
	for _, ill := range d.sick {
		if ill.node == node {
			return ill.why
		}
	}
	brick, counted := d.asClientsSee(node)
	switch {
	case !d.exists:
		return "there is no volume"
	case !d.volumeStarted():
		return "the volume is not started"
	case !seen.Brick.Running:
		return "the brick process is not running"
	case counted && !brick.Connected:
		return "clients cannot reach the brick: " + brick.whyNotConnected()
	case !counted && len(d.clients()) > 0 && !d.counting():
		return "clients do not see the brick"
	}
	return stateOnline
}

// counting reports whether a client could not count in time what is to be healed.
func (d *draft) counting() bool {
	return slices.ContainsFunc(d.clients(), func(name string) bool { return d.status.Nodes[name].counting() })
}

// asClientsSee returns what the first client that was asked said of a node's brick.
func (d *draft) asClientsSee(node host.Node) (BrickHeal, bool) {
	for _, name := range d.clients() {
		for _, brick := range d.seen(d.spec.node(name)).Heal {
			if brick.Name == d.spec.brick(node) {
				return brick, true
			}
		}
	}
	return BrickHeal{}, false
}

// healthProblems are about the volume and its pool.
func (d *draft) healthProblems() []string {
	switch reason := volumeReason(d); {
	case !d.exists && !d.absent && len(d.reached) > 0:
		return []string{"glusterd answers on no machine"}
	case reason != "":
		return []string{reason}
	}
	var problems, answering []string
	if reason := d.quorumReason(); reason != "" {
		problems = append(problems, reason)
	}
	for _, node := range d.reached {
		switch seen := d.seen(node); {
		case seen.CLI != nil:
			problems = append(problems, fmt.Sprintf("glusterd does not answer on %s: %v", node.Name, seen.CLI))
			continue
		case seen.Brick.Running && !seen.Brick.HealerRunning:
			problems = append(problems, "the self-heal daemon is not running on "+node.Name)
		}
		answering = append(answering, node.Name)
	}
	if reason := peerReason(d.status, answering); reason != "" {
		problems = append(problems, reason)
	}
	if len(d.clients()) == 0 {
		return append(problems, "no machine could be asked as a client of the volume")
	}
	for _, name := range d.clients() {
		if reason := countReason(d.status, name); reason != "" {
			problems = append(problems, reason)
		} else if err := d.status.Nodes[name].HealErr; err != nil {
			problems = append(problems, fmt.Sprintf("the volume cannot be reached from %s: %v", name, err))
		}
	}
	return problems
}

// backlogProblems are about files of which bricks have different copies.
func (d *draft) backlogProblems() []string {
	var problems []string
	for _, node := range d.spec.Nodes {
		brick, _ := d.asClientsSee(node)
		if brick.SplitBrain > 0 {
			problems = append(problems, fmt.Sprintf("the brick of %s has entries in split brain: %d", node.Name, brick.SplitBrain))
		}
		if brick.Pending > 0 {
			problems = append(problems, fmt.Sprintf("the brick of %s has entries that other bricks have missed: %d", node.Name, brick.Pending))
		}
	}
	if files := d.status.contradictions(); len(files) > 0 {
		var labels []string
		for _, file := range files[:min(len(files), mostInTable)] {
			labels = append(labels, file.label())
		}
		problems = append(problems, "clients get errors for files in split brain: "+strings.Join(labels, ", "))
	}
	return problems
}
