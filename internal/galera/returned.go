package galera

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// keptApart are the nodes that a word has named, in force or used, and that have not
// joined with the data that went on. Their servers may still run where nobody reaches
// them. A member is not cut off: it is taken out in order.
func (d *draft) keptApart() []string {
	last := d.seen.lastRecord()
	missing := without(last.Missing, last.Admitted)
	if d.word != nil {
		missing = slices.DeleteFunc(slices.Clone(d.word.AllowMissing), func(name string) bool {
			node := d.seen.Nodes[name]
			return node.Err == nil && node.Recovery.Attempt == d.word.Attempt
		})
	} else if !last.Done {
		return nil
	}
	return slices.DeleteFunc(missing, func(name string) bool {
		node := d.seen.Nodes[name]
		return node.primary() || node.unused()
	})
}

// abandoned are the nodes that do not answer and whose data the last word gave up: what
// they have counts no more, so nothing waits for them.
func (d *draft) abandoned() []string {
	return slices.DeleteFunc(d.keptApart(), func(name string) bool { return d.word != nil || d.seen.Nodes[name].Err == nil })
}

// returned reports whether a member has data that the last word gave up: its server ran
// on and came back with the network. Somebody else has the data that went on.
func (s Status) returned(name string) bool {
	last := s.lastRecord()
	gaveUp := func(name string) bool {
		return slices.Contains(without(last.Missing, last.Admitted), name) && s.Nodes[name].Recovery.Attempt < last.Attempt
	}
	return last.Done && s.Nodes[name].primary() && gaveUp(name) &&
		slices.ContainsFunc(s.where(NodeStatus.primary), func(other string) bool { return !gaveUp(other) })
}

// gaveUpAndServes reports whether a member has data that was given up, and nobody else
// serves: that it has the data which went on is not to be recorded.
func (d *draft) gaveUpAndServes(name string) bool {
	last := d.seen.lastRecord()
	return d.word == nil && d.seen.Nodes[name].Recovery.Attempt < last.Attempt && d.seen.Nodes[name].primary() &&
		slices.Contains(without(last.Missing, last.Admitted), name)
}

// admissions open the packet filters for a node that has given its data up.
func admissions(d *draft, name string) []Step {
	if d.spec.Unfiltered || !slices.Contains(d.apart, name) {
		return nil
	}
	d.apart = without(d.apart, []string{name})
	var steps []Step
	for node := range d.filtered() {
		filter := keepingApart(d.spec.around(), without(d.apart, []string{node.Name}))
		steps = append(steps, Step{Node: node.Name, Title: "load the packet filter that lets " + name + " in", Why: name + " joins without the data that was given up",
			Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node.Name].ApplyFirewall(ctx, filter) }})
	}
	return steps
}

// filtered are the machines that have a packet filter and answer: all members of a group
// connect to each other, and so does an arbitrator.
func (d *draft) filtered() iter.Seq[host.Node] {
	return func(yield func(host.Node) bool) {
		for _, machines := range []iter.Seq2[host.Node, NodeStatus]{d.answering(), d.arbitrators()} {
			for node := range machines {
				if !yield(node) {
					return
				}
			}
		}
	}
}

// stepTakeBack stops the server of a member in order that came back with data which was
// given up.
func stepTakeBack(spec Spec, name string, last Record) Step {
	engine := spec.engine()
	return Step{Node: name, Title: "stop " + engine.unit + " in order, to set its data aside", Why: returnedWith(last.Attempt), Effect: reconcile.Restarts,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := complete(Observe(ctx, hosts.Views(), spec), spec.names())
			others := slices.DeleteFunc(now.where(NodeStatus.primary), now.returned)
			switch {
			case now.Nodes[name].Err != nil:
				return now.Nodes[name].Err
			case !now.returned(name):
				return nil // it is no member any more, or it serves alone
			}
			if err := awaitWhole(ctx, hosts.Views(), spec, others, 10*time.Minute); err != nil {
				return err
			}
			err := whileDrained(ctx, hosts[name], spec.Name, func() error { return hosts[name].StopUnit(ctx, engine.units()...) })
			if err != nil {
				return err
			}
			return awaitWhole(ctx, hosts.Views(), spec, others, settleTime)
		}}
}

func returnedWith(attempt int64) string {
	return fmt.Sprintf("it is a member with the data that attempt %d of the recovery gave up: its server ran on and came back", attempt)
}
