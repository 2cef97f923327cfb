package galera

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// stale is a member that runs with another configuration than the wanted one.
type stale struct {
	node, why string
	// config is the file to write before the restart; nil where it lies there.
	config *host.File
	// record is what to write right before it.
	record *host.File
	// due is what is due of the machine's system; nil for nothing.
	due *tier.DueOS
	// target is the release or series to upgrade to; empty for none.
	target string
	// restart is why it is restarted also without an upgrade and updates; empty if it is not.
	restart string
	// set are the settings that the server takes while it runs, if the configuration differs
	// in nothing else.
	set []string
}

// live reports whether the settings are the only reason, so that nothing takes a restart.
func (s stale) live() bool {
	return len(s.set) > 0 && s.record == nil && s.due == nil && s.target == ""
}

// planRoll changes members with an older configuration than the wanted one, and restarts
// those that do not take the change while they run or that the user wants restarted, the
// holder of a floating IP last. Nodes that are no members and answer are repaired before, if
// anything is.
func planRoll(d *draft) error {
	if len(d.spec.Leaving) > 0 {
		return nil // in the next plan, with fewer machines or the right ones
	}
	var all, holders []stale
	for node, seen := range d.answering() {
		defaults := d.defaults[node.Name]
		config := configFile(d.spec, node, defaults)
		triggered := whyRestart(d.spec, seen)
		due := d.updatesDue(node.Name, seen)
		target := d.upgradeOf(node.Name, seen)
		if !seen.primary() || !runsStale(config, seen) && triggered == "" && !due.Disruptive && target == "" {
			continue
		}
		found := stale{node: node.Name}
		if runsStale(config, seen) {
			found = staleNode(node.Name, d.engine, config, whyConfig(config, defaults, seen))
			found.set = liveChange(d.spec, node.Name, config, seen)
		}
		if triggered != "" {
			record := d.spec.restart().File()
			found.record = &record
			found.because(triggered)
		}
		found.restart = found.why
		if target != "" {
			found.target = target
			found.because(d.spec.whyUpgrade(release(seen.Packages[d.engine.serverPackage]), target))
		}
		if due.Disruptive {
			found.due = &due
			found.because(d.whyDue(node.Name, due, target != ""))
		}
		if len(seen.Holds) > 0 {
			holders = append(holders, found)
		} else {
			all = append(all, found)
		}
	}
	all = append(all, holders...)
	if len(all) == 0 {
		rollArbitrators(d)
		return nil
	}
	if err := refuseRoll(d, all); err != nil {
		d.refuse(err)
		return nil
	}
	if err := refuseUpgrades(d, all); err != nil {
		d.refuse(err)
		if all = withoutUpgrades(all); len(all) == 0 {
			return nil
		}
	}
	rollArbitrators(d)
	answering := d.status.where(NodeStatus.answers)
	for _, s := range all {
		var steps []Step
		if s.target != "" {
			steps = append(steps, stepFetchRelease(d.spec, s.node, s.target))
		}
		if s.due != nil {
			steps = append(steps, d.spec.OS.Fetch(*s.due).On(s.node))
		}
		d.roll.InOrder(tier.Rolled(s.node, append(steps, stepChange(d.spec, s, answering))...)...)
	}
	return nil
}

func stepChange(spec Spec, s stale, whole []string) Step {
	if s.live() {
		s.why = fmt.Sprintf("%s differs in %s, which %s takes while it runs", path.Base(s.config.Path), strings.Join(s.set, ", "), spec.engine().service())
		return stepSet(spec, s, whole)
	}
	return stepRestart(spec, s, whole)
}

// withoutUpgrades are the nodes that are restarted for another reason. What a refused
// upgrade asks for, such as a larger write-set cache, takes a restart. Updates of the system
// wait, because the declared release is one of them.
func withoutUpgrades(all []stale) []stale {
	var rest []stale
	for _, s := range all {
		if s.restart != "" {
			s.why, s.target, s.due = s.restart, "", nil
			rest = append(rest, s)
		}
	}
	return rest
}

func (s *stale) because(why string) {
	if s.why != "" {
		why = s.why + "; " + why
	}
	s.why = why
}

// title is what is done to the node, in a few words.
func (s stale) title(spec Spec) string {
	if s.live() {
		return "set " + strings.Join(s.set, ", ")
	}
	var titles []string
	if s.target != "" {
		titles = append(titles, "upgrade to "+spec.released(s.target))
	}
	if s.due != nil {
		titles = append(titles, spec.OS.Update(*s.due, nil).Title)
	}
	if len(titles) == 0 {
		return "restart " + spec.engine().unit
	}
	return strings.Join(titles, ", and ")
}

func staleNode(node string, engine engine, config host.File, why string) stale {
	if why == "" {
		return stale{node: node, why: engine.service() + " started before " + path.Base(config.Path) + " was last changed"}
	}
	return stale{node: node, why: why, config: &config}
}

// refuseRoll wants every node that answers to be well, and a quorum of all to
// serve while one of them restarts. A value that a server takes while it runs can do as much
// harm as one that it reads at its start.
func refuseRoll(d *draft, all []stale) error {
	repaired := !d.membership.Empty()
	sick := d.status.where(func(n NodeStatus) bool { return n.Err == nil && !n.Healthy() && !repaired })
	silent := d.status.where(func(n NodeStatus) bool { return n.Err != nil })
	silent = append(silent, without(d.spec.arbitratorNames(), d.voting())...)
	if len(sick) == 0 && (len(silent) == 0 || repaired && len(silent) == len(d.arbitratorsToStart()) || len(d.spec.peers())-len(silent)-1 >= d.spec.quorum()) {
		return nil
	}
	var names []string
	for _, s := range all {
		if !s.live() {
			names = append(names, s.node)
		}
	}
	repair := d.status.repair(append(sick, silent...)) + " first."
	if len(names) == 0 {
		return &reconcile.RefusedError{
			What: "set variables of the servers of a cluster that is not whole", Evidence: d.status.table(),
			Remedy: "A value that does harm would leave too few nodes. " + repair,
		}
	}
	return &reconcile.RefusedError{
		What: "restart nodes of a cluster that is not whole", Evidence: d.status.table(),
		Remedy: fmt.Sprintf("A restart of %s would leave too few nodes. %s", strings.Join(names, ", "), repair),
	}
}

// wholeTime is how long the cluster may take to be whole before the next node is changed. One
// that has just served a state transfer has to apply what came meanwhile.
const wholeTime = 10 * time.Minute

// stepRestart restarts one node of a whole cluster, with another configuration if
// one is given; whole are the nodes that have to serve before. A node that holds a
// floating IP gives it away first.
func stepRestart(spec Spec, s stale, whole []string) Step {
	start := starterOf(spec)
	title := s.title(spec)
	return Step{Node: s.node, Title: title, Why: s.why, Effect: reconcile.Restarts,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now, err := seenWhole(ctx, hosts.Views(), spec, whole, wholeTime)
			if err != nil {
				return err
			}
			if err := refuseOut(spec, now, s.node, title); err != nil {
				return err
			}
			if s.target != "" || s.due != nil {
				if err := prepareUpgrade(ctx, hosts, spec, now, s); err != nil {
					return err
				}
			}
			if s.config != nil {
				if err := writeCandidate(ctx, hosts[s.node], start.engine, *s.config, now.Nodes[s.node]); err != nil {
					return err
				}
			}
			if s.record != nil {
				if err := hosts[s.node].WriteFile(ctx, *s.record); err != nil {
					return err
				}
			}
			if s.due != nil {
				if err := tier.RefuseHomeless(ctx, hosts, s.node); err != nil {
					return err
				}
			}
			return whileDrained(ctx, hosts[s.node], spec.Name, func() error {
				if s.due != nil || s.target != "" {
					return updated(ctx, hosts, spec, s)
				}
				return start.become(ctx, hosts, s.node, "restart")
			})
		}}
}
