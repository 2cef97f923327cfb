package galera

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var setAsideScript = shell.Embedded(scripts, "set-aside")

// asidePath is where a node remembers that its data directory is being set aside.
func asidePath(cluster string) string {
	return strings.TrimSuffix(markerPath(cluster), ".json") + ".aside"
}

// stepSetAside moves the data directory of a node that was left behind to one beside
// it, so that it joins with nothing of its own. It waits for a Primary component: until
// then another word may choose this data.
func stepSetAside(d *draft, node string, cache int64) Step {
	spec := d.spec
	why := fmt.Sprintf("the recovery of the cluster gave up what only %s has", node)
	if d.seen.Nodes[node].departed() {
		why = "it left the cluster before, which went on without its data"
	}
	return Step{Node: node, Title: "set " + dataDirectory + " aside, beside it with the time in its name", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := complete(Observe(ctx, hosts.Views(), spec), spec.names())
			seen := now.Nodes[node]
			switch {
			case seen.Err != nil:
				return seen.Err
			case seen.primary():
				return &reconcile.RefusedError{What: "set aside the data of a member", Node: node, Evidence: now.table(), Remedy: "It joined after the plan was made. Apply again."}
			case len(now.where(NodeStatus.primary)) == 0:
				return fmt.Errorf("no other node is in a Primary component")
			}
			if seen.Moving == "" {
				if err := refuseWithoutRoom(now.emptied(node), node, cache); err != nil {
					return err
				}
			}
			if _, err := hosts[node].Run(ctx, shell.Script(standAsideScript, spec.engine().units()...)); err != nil {
				return err
			}
			initialize := "mariadb-install-db"
			if spec.Engine == Percona {
				initialize = ""
			}
			before := len(without(seen.Aside, []string{seen.Moving}))
			work := shell.Script(setAsideScript, dataDirectory, asidePath(spec.Name), initialize, strconv.Itoa(before))
			if err := hosts[node].RunDetached(ctx, "set "+dataDirectory+" aside", work); err != nil {
				return err
			}
			if now.lastRecord().Attempt == 0 {
				return nil
			}
			return hosts[node].WriteFile(ctx, now.lastRecord().finished().file(spec.Name))
		}}
}

// emptied returns the status with a node whose data lies beside its place: it takes
// its room all the same.
func (s Status) emptied(name string) Status {
	emptied := s.without([]string{name})
	node := s.Nodes[name]
	node.Saved, node.Used, node.Cache = Position{Seqno: -1}, 0, 0
	emptied.Nodes[name] = node
	return emptied
}
