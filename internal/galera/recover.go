package galera

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// takeTheOthers tells how a server takes on the data of others without keeping its
// own. The same UUID means no state transfer: Galera compares UUID and position
// only, so a server that is just restarted keeps its own commits beside the
// others' (galera, replicator_str.cpp, "state_transfer_required").
const takeTheOthers = "On each server that gives its data up: save what only it has while it runs, because a stopped one cannot be dumped (mariadb-dump or mysqldump), " +
	"and stop it. Once all of these are stopped, keep a copy of their " + dataDirectory + ", remove grastate.dat and gvwstate.dat from it, and start them one after the other. " +
	"Each then takes all data by state transfer. One that is only restarted keeps its own commits and hides the difference."

// reform lets the nodes of the last Primary component form it again; nothing if
// that is not known to be all that is missing. Galera promotes a view only when
// exactly its members are there (pc_proto.cpp, "promote to primary component"), so
// others that run are one too many and have to go, to join afterwards. No node is
// bootstrapped, and a node that does not answer can have been in no later
// component if most nodes are in this one.
func reform(d *draft) []Step {
	status := d.status
	last, found := status.lastView()
	known := len(status.without(d.abandoned()).Unreachable()) == 0
	if !found || !known && 2*last.members <= len(status.Nodes)+len(status.Arbitrators) {
		return nil
	}
	// One node alone forms nothing: without others to speak to Galera gives up
	// (gcomm/src/pc.cpp, "failed to reach primary view").
	alone := last.members == 1
	var aside []string
	for _, name := range status.where(NodeStatus.occupied) {
		if alone || !slices.Contains(last.nodes, name) {
			aside = append(aside, name)
		}
	}
	answers := func(name string) bool {
		return status.Nodes[name].Wsrep.Answers || slices.Contains(status.arbitrating(), name)
	}
	late := slices.ContainsFunc(status.arbitrating(), func(name string) bool { return alone || !slices.Contains(last.nodes, name) })
	if !alone && len(aside) == 0 && !late && !slices.ContainsFunc(last.nodes, func(name string) bool { return !answers(name) }) {
		return nil // they all run and do not see each other
	}
	var steps []Step
	if late {
		steps = restedArbitrators(d)
	}
	for _, name := range aside {
		steps = append(steps, stepStandAside(d.spec, name, last))
	}
	if alone {
		steps = append(steps, stepRebootstrap(d, last.nodes[0]))
	} else {
		steps = append(steps, stepReform(d.spec, last.nodes, sortedKeys(status.Arbitrators)))
	}
	return append(steps, joins(d, last.nodes)...)
}

// revive brings back a cluster whose every node has been read and is down, if that
// can be done without choosing between histories.
func revive(d *draft, withData []string) ([]Step, error) {
	status := d.status
	if slices.ContainsFunc(withData, func(name string) bool { return status.Nodes[name].Wsrep.Answers }) {
		stopped := slices.DeleteFunc(slices.Clone(withData), func(name string) bool { return status.Nodes[name].occupied() })
		if len(stopped) > 0 {
			return []Step{stepStartStopped(d.spec, stopped, withData)}, nil
		}
		return nil, &reconcile.RefusedError{
			What: "change a cluster without a Primary component", Evidence: status.table(),
			Remedy: "The nodes run, and none can reach a majority of the others. Check the network between them on TCP 4444, 4567, 4568 and 4569. " + d.decide(),
		}
	}
	if last, found := status.lastStopped(withData); found {
		return append(rebootstrap(d, last), joins(d, []string{last})...), nil
	}
	if steps := recoverPositions(d.engine, status, withData); len(steps) > 0 {
		return steps, nil
	}
	if first, found := status.without(d.abandoned()).foremost(); found {
		return restartFrom(d, first), nil
	}
	return nil, &reconcile.RefusedError{
		What: "bootstrap a cluster whose last position is not certain", Evidence: status.table(),
		Remedy: status.furthest(withData) + "Decide which node goes on. " + d.decide(),
	}
}

// recoverPositions asks the servers that crashed for their last position, as they
// do themselves at each start.
func recoverPositions(engine engine, status Status, withData []string) []Step {
	var steps []Step
	for _, name := range withData {
		node := status.Nodes[name]
		if node.Saved.HasData() && node.position().Seqno < 0 && !node.positionAsked() {
			steps = append(steps, stepRecoverPosition(engine, name, node.whyNotMember(engine)+", and its last position is not known"))
		}
	}
	return steps
}

// recoveredPath is where a node keeps its recovered position until it boots again.
const recoveredPath = "/run/terraform-ha/galera-position"

var positionScript = shell.Embedded(scripts, "position")

func askPosition(Spec, string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("position", positionScript, recoveredPath)}}
}

func readPosition(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	_, _ = fmt.Sscan(strings.Replace(answers.Parts["position"].Out, ":", " ", 1), &seen.Recovered.UUID, &seen.Recovered.Seqno, &seen.RecoveredAt)
}

var recoverPositionScript = shell.Embedded(scripts, "recover-position")

// stepRecoverPosition does what the engine's own unit does before it starts the
// server (MariaDB's galera_recovery, Percona's mysql-systemd). One that runs and
// waits for others was told its position at its start.
func stepRecoverPosition(engine engine, node, why string) Step {
	return Step{Node: node, Title: "recover the last position", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			_, err := hosts[node].Run(ctx, shell.Script(recoverPositionScript, engine.unit, engine.server, recoveredPath))
			return err
		}}
}

// lastStopped returns the node that left last when all left in order: the only
// one marked safe, and no other one is ahead of it.
func (s Status) lastStopped(names []string) (string, bool) {
	last := ""
	for _, name := range names {
		saved := s.Nodes[name].position()
		if saved.Seqno < 0 {
			return "", false
		}
		if saved.SafeToBootstrap {
			if last != "" {
				return "", false
			}
			last = name
		}
	}
	if last == "" {
		return "", false
	}
	for _, name := range names {
		if s.Nodes[name].position().Seqno > s.Nodes[last].position().Seqno {
			return "", false
		}
	}
	return last, true
}

var standAsideScript = shell.Embedded(scripts, "stand-aside")

// stepStandAside ends a server that was not in the last Primary component and keeps
// it from forming. It serves nobody. Debian's unit waits for its end without a
// limit worth the name, and a server that has never seen a Primary component does
// not end when it is asked to.
func stepStandAside(spec Spec, node string, last view) Step {
	engine := spec.engine()
	why := "it was not in the last Primary component and keeps " + strings.Join(last.nodes, ", ") + " from forming it again"
	if slices.Contains(last.nodes, node) {
		why = engine.service() + " waits for others"
	}
	return endServer(spec, node, "take "+engine.unit+" out of the way of the last Primary component", why)
}

// stepEnd ends a server that waits for others.
func stepEnd(spec Spec, node string) Step {
	engine := spec.engine()
	return endServer(spec, node, "stop "+engine.unit+", which serves nobody", engine.service()+" waits for others")
}

func endServer(spec Spec, node, title, why string) Step {
	engine := spec.engine()
	return Step{Node: node, Title: title, Why: why, Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if now := Observe(ctx, hosts.Views(), spec); len(now.where(NodeStatus.primary)) > 0 {
				return nil // it came back by itself
			}
			return standAside(ctx, hosts[node], engine)
		}}
}

// standAside ends a server that may not end when it is asked to.
func standAside(ctx context.Context, node *host.Host, engine engine) error {
	_, err := node.Run(ctx, shell.Script(standAsideScript, engine.units()...))
	return err
}

// stepReform starts nodes at the same time. Each remembers the members of the last
// view; when all of them are back they form the Primary component by themselves,
// and nothing has to be chosen. Serial starts would each block until the others
// are there. Arbitrators are among the nodes where they were in that view, also those that
// are to leave.
func stepReform(spec Spec, nodes, arbitrators []string) Step {
	return Step{Title: "start " + strings.Join(nodes, ", ") + " and let them form the cluster again", Why: "no node of the cluster serves", Effect: reconcile.Joins, Of: nodes,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			for _, node := range nodes {
				unit := spec.engine().unit
				if slices.Contains(arbitrators, node) {
					unit = arbitratorUnit
				}
				if err := startSoon(ctx, hosts[node], unit); err != nil {
					return err
				}
			}
			return awaitWhole(ctx, hosts.Views(), spec, without(nodes, arbitrators), 5*time.Minute)
		}}
}

// stepStartStopped starts servers beside others that run and miss them.
func stepStartStopped(spec Spec, stopped, nodes []string) Step {
	return Step{Title: "start " + strings.Join(stopped, ", ") + " beside the nodes that run", Why: "the nodes that run are too few to serve", Effect: reconcile.Joins, Of: stopped,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			for _, node := range stopped {
				if err := startSoon(ctx, hosts[node], spec.engine().unit); err != nil {
					return err
				}
			}
			return awaitWhole(ctx, hosts.Views(), spec, nodes, 5*time.Minute)
		}}
}

var startScript = shell.Embedded(scripts, "start-no-block")

// startSoon has a unit start and does not wait for it.
func startSoon(ctx context.Context, node *host.Host, unit string) error {
	if _, err := node.Run(ctx, shell.Script(startScript, unit)); err != nil {
		return fmt.Errorf("cannot start %s: %w", node.Name(), err)
	}
	return nil
}
