package galera

import (
	"context"
	"errors"
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

// stopped reports whether a node is declared to be stopped. Nothing is changed on such
// a machine but that: it gets what it missed when it is put back.
func (s Spec) stopped(name string) bool { return s.Maintenance[name] == tier.Stopped }

func askMaintenance(spec Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{tier.AskMaintenance("maintenance", markerKind, spec.Name)}}
}

func readMaintenance(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Maintenance = tier.ReadMaintenance(answers.Parts["maintenance"])
}

// errStopped is what is known of a node that is stopped for maintenance: it is away as
// one that does not answer.
var errStopped = errors.New("the node is stopped for maintenance")

// withoutStopped takes nodes out of the status whose server is stopped as declared.
func withoutStopped(spec Spec, status Status) Status {
	nodes := maps.Clone(status.Nodes)
	for name, node := range nodes {
		if node.Err == nil && spec.stopped(name) && !node.occupied() {
			nodes[name] = NodeStatus{Err: errStopped}
		}
	}
	return status.with(nodes)
}

// repair says what to do about nodes that do not serve: those that are stopped for
// maintenance are not repaired.
func (s Status) repair(names []string) string { return s.cure("Repair", "", names) }

// reach says what to do about nodes of which nothing is known.
func (s Status) reach(names []string) string { return s.cure("Make", " reachable", names) }

func (s Status) cure(verb, after string, names []string) string {
	var stopped, others []string
	for _, name := range names {
		if errors.Is(s.Nodes[name].Err, errStopped) || s.Arbitrators[name].Maintenance != "" {
			stopped = append(stopped, name)
		} else {
			others = append(others, name)
		}
	}
	var parts []string
	if len(stopped) > 0 {
		parts = append(parts, "remove maintenance from "+strings.Join(stopped, ", "))
	}
	if len(others) > 0 || len(stopped) == 0 {
		parts = append(parts, fmt.Sprintf("%s %s%s", strings.ToLower(verb), strings.Join(others, ", "), after))
	}
	said := strings.Join(parts, " and ")
	return strings.ToUpper(said[:1]) + said[1:]
}

// putBackFirst says what lets another node be taken out of service.
func (s Status) putBackFirst(spec Spec, node string) string {
	var out []string
	for _, name := range spec.names() {
		if name != node && (spec.Maintenance[name] != "" || s.Nodes[name].Maintenance != "") {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return "Repair the other nodes first."
	}
	return fmt.Sprintf("Remove maintenance from %s first, or repair the other nodes.", strings.Join(out, ", "))
}

// refuseMaintenanceOfNothing wants a new cluster to begin with all of its nodes.
func refuseMaintenanceOfNothing(d *draft) error {
	if len(d.spec.Maintenance) == 0 || d.spec.UUID != "" || !d.seen.all(func(n NodeStatus) bool { return n.Err == nil && n.unused() }) {
		return nil
	}
	return &reconcile.RefusedError{
		What: "build a cluster with a node in maintenance", Evidence: d.seen.table(),
		Remedy: "A new cluster begins with all of its nodes. Remove maintenance from them, apply, and set it then.",
	}
}

// planMaintenance takes nodes out of service last, when all others are as declared, and
// puts nodes back once they are members again and before any other is restarted.
func planMaintenance(d *draft) error {
	// Until somebody serves, there is nothing that a node could be put back into.
	serves := len(d.seen.where(NodeStatus.primary)) > 0
	for _, node := range d.spec.Nodes {
		seen, declared := d.seen.Nodes[node.Name], d.spec.Maintenance[node.Name]
		if seen.Err != nil {
			continue
		}
		switch why := whyMaintenance(d.engine, seen, declared); {
		case declared == "" && seen.Maintenance != "" && !serves:
		case declared == "" && seen.Maintenance != "":
			d.putBack.InOrder(stepPutBack(d.spec, node.Name, "it is "+seen.Maintenance.String()+" and is to be in service"))
		case declared == "" || why == "":
		default:
			if err := refuseTakeOut(d.spec, d.seen, node.Name); err != nil {
				d.refuse(err)
				continue
			}
			d.takeOut.InOrder(stepTakeOut(d.spec, node.Name, declared, why))
		}
	}
	return planMaintenanceOfArbitrator(d)
}

// whyMaintenance says what a node that is to be in maintenance still does; empty if it
// is as declared.
func whyMaintenance(engine engine, seen NodeStatus, declared tier.Maintenance) string {
	switch {
	case declared == "":
		return ""
	case seen.Maintenance != declared:
		return fmt.Sprintf("it is %s and is to be %s", seen.Maintenance, declared)
	case len(seen.Holds) > 0:
		return fmt.Sprintf("it is %s and has %s", declared, strings.Join(seen.Holds, ", "))
	case declared == tier.Stopped && seen.occupied():
		return fmt.Sprintf("it is to be %s, and %s runs", declared, engine.service())
	case declared == tier.Stopped && seen.Unit.Load != "masked" && seen.Unit.Load != "":
		return fmt.Sprintf("it is to be %s, and %s can start", declared, engine.service())
	}
	return ""
}

// others are the nodes that serve beside one, without those that are in maintenance or
// are to be.
func (s Status) othersInService(spec Spec, node string) []string {
	return slices.DeleteFunc(append(s.Members(), spec.voting(s)...), func(name string) bool {
		return name == node || spec.Maintenance[name] != "" || s.Nodes[name].Maintenance != ""
	})
}

// refuseTakeOut wants a quorum of the cluster to be in service without a node that
// serves. One that does not serve takes nothing from it.
func refuseTakeOut(spec Spec, status Status, node string) error {
	others := status.othersInService(spec, node)
	if !status.Nodes[node].primary() || len(others) >= spec.quorum() {
		return nil
	}
	return &reconcile.RefusedError{
		What: "take a node out of service", Node: node,
		Evidence: append([]string{fmt.Sprintf("%d of the other nodes are in service, and %d of %d have to be", len(others), spec.quorum(), len(spec.peers()))}, status.table()...),
		Remedy:   status.putBackFirst(spec, node),
	}
}

// stepTakeOut moves the floating addresses of a node to another one and, if it is to be
// stopped, stops its server in order and keeps it from starting. Each act is safe to
// repeat, so an interrupted one is repeated. The mask comes last: systemd forgets what
// a drop-in says of a unit that is masked while it runs, such as the time for its stop.
func stepTakeOut(spec Spec, node string, how tier.Maintenance, why string) Step {
	return Step{Node: node, Title: "take out of service for maintenance", Why: why, Effect: reconcile.Drains,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := complete(Observe(ctx, hosts.Views(), spec), spec.names())
			others := without(now.othersInService(spec, node), sortedKeys(now.Arbitrators))
			if now.Nodes[node].primary() {
				if err := refuseTakeOut(spec, now, node); err != nil {
					return err
				}
				if err := awaitWhole(ctx, hosts.Views(), spec, others, 10*time.Minute); err != nil {
					return err
				}
			}
			if err := tier.TakeOut(ctx, hosts, node, markerKind, spec.Name, how); err != nil || how != tier.Stopped {
				return err
			}
			if err := hosts[node].DisableUnit(ctx, spec.engine().units()...); err != nil {
				return err
			}
			if err := hosts[node].MaskUnit(ctx, spec.engine().unit); err != nil {
				return err
			}
			return awaitWhole(ctx, hosts.Views(), spec, others, 10*time.Minute)
		}}
}

// stepPutBack lets a node have floating addresses again once it has what it missed.
func stepPutBack(spec Spec, node, why string) Step {
	return Step{Node: node, Title: "put back into service", Why: why, Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := awaitWhole(ctx, hosts.Views(), spec, []string{node}, 10*time.Minute); err != nil {
				return err
			}
			return tier.PutBack(ctx, hosts[node], markerKind, spec.Name)
		}}
}

func maintenanceNotices(status Status) []string { return tier.MaintenanceNotices(status.maintained()) }

// maintained is how nodes are recorded to be out of service, by name.
func (s Status) maintained() map[string]tier.Maintenance {
	recorded := map[string]tier.Maintenance{}
	for _, nodes := range []map[string]NodeStatus{s.Nodes, s.Arbitrators} {
		for name, node := range nodes {
			recorded[name] = node.Maintenance
		}
	}
	return recorded
}

func validateMaintenance(spec Spec, problems *tier.Problems) {
	left := len(spec.peers())
	for name, how := range spec.Maintenance {
		left--
		if how != tier.Drained && how != tier.Stopped {
			problems.Add(tier.At("nodes", name, "maintenance"), "%q is no kind of maintenance; it is %q or %q", string(how), string(tier.Drained), string(tier.Stopped))
		}
	}
	if len(spec.Maintenance) > 0 && left < spec.quorum() {
		problems.Add(tier.At("nodes"), "%d of %d nodes are to be in maintenance, and the other %d are no quorum, which is %d", len(spec.Maintenance), len(spec.peers()), left, spec.quorum())
	}
}
