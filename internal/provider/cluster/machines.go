package cluster

import (
	"maps"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// machines are those that a change works with: all that are declared, and those that it
// takes out of the cluster.
type machines struct {
	// nodes has both, by the names under which the change works with them.
	nodes map[string]nodeModel
	// changes says what becomes of each.
	changes map[string]tier.Change
	// remembered are the host keys of those that are the machines they were before.
	remembered map[string]string
	// wanted is what the tier needs of the declared ones.
	wanted Requirements
	// refused says that the plan foresaw the change to be refused.
	refused bool
	// givenUp are those that the user lets the change go on without.
	givenUp []string
}

// machinesOf returns the machines of a change; before is nil for a new cluster.
func machinesOf(plan, before *Shared) machines {
	m := machines{nodes: maps.Clone(plan.nodes()), changes: changesOf(plan.NodeChanges(before)), remembered: map[string]string{}, refused: plan.refusalForeseen()}
	if before == nil {
		return m
	}
	known := before.remembered()
	m.remembered = keysStillValid(before, m.changes)
	for name, machine := range departures(before.nodes(), before.attempted, plan.nodes()) {
		m.nodes[name], m.changes[name] = machine.nodeModel, tier.Leaves
		if key := known[machine.node]; key != "" {
			m.remembered[name] = key
		}
	}
	return m
}

// patience is how long the change waits for a machine that does not answer. Where the plan
// foresaw a refusal, the refresh has waited for nobody either, and only a machine that is
// about to answer can change anything. Nor is there a reason to wait for one that the user
// has given up: nobody serves meanwhile.
func (m machines) patience(a *Access, name string) time.Duration {
	if m.changes[name] == tier.Stays && (m.refused || slices.Contains(m.givenUp, name)) {
		return min(a.BootTimeout, refusedPatience)
	}
	return a.patienceWith(m.changes[name])
}

// refusedPatience is how long a change waits for machines if it will most likely be refused,
// and for those without which it goes on.
const refusedPatience = 20 * time.Second

// staying returns the machines that belong to the cluster afterwards.
func (m machines) staying(hosts host.Hosts) host.Hosts {
	hosts = maps.Clone(hosts)
	maps.DeleteFunc(hosts, func(name string, _ *host.Host) bool { return m.leaves(name) })
	return hosts
}

// leaving returns the machines that do not.
func (m machines) leaving(hosts host.Hosts) host.Hosts {
	hosts = maps.Clone(hosts)
	maps.DeleteFunc(hosts, func(name string, _ *host.Host) bool { return !m.leaves(name) })
	return hosts
}

// split returns the errors of machines that stay and of those that leave.
func (m machines) split(errs map[string]error) (stay, leave map[string]error) {
	stay, leave = map[string]error{}, map[string]error{}
	for name, err := range errs {
		if m.leaves(name) {
			leave[name] = err
		} else {
			stay[name] = err
		}
	}
	return stay, leave
}

func (m machines) leaves(name string) bool { return m.changes[name] == tier.Leaves }
