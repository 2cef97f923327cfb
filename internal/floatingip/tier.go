package floatingip

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

//go:embed scripts/*.sh
var scripts embed.FS

type (
	// Cluster is a floating IP on its machines.
	Cluster = tier.Cluster[Status, host.Hosts]
	// Plan is a plan over machines.
	Plan = reconcile.Plan[host.Hosts]
	// Step is a step of such a plan.
	Step = reconcile.Step[host.Hosts]

	concern = tier.Concern[Spec, Machine, *draft]
)

// concerns are all that this tier looks after, in the order in which they refuse and
// plan.
func concerns() []concern {
	return []concern{
		{Name: "nodes", Read: readFacts, Refuse: refuseNodes},
		{Name: "identity", Ask: askIdentity, Read: readIdentity, Refuse: refuseForeign, Plan: planIdentity},
		{Name: "network", Ask: askNetwork, Read: readNetwork, Refuse: refuseNetwork},
		{Name: "packages", Ask: askPackages, Read: readPackages, Plan: planPackages},
		{Name: "accounts", Ask: askAccounts, Read: readAccounts, Plan: planAccounts},
		{Name: "units", Ask: askUnits, Read: readUnits},
		{Name: "check", Ask: askCheck, Read: readCheck},
		{Name: "trial", Ask: askTrial, Plan: planTrial},
		{Name: "role", Ask: askRole, Read: readRole},
		{Name: "files", Read: readFiles, Plan: planFiles},
		{Name: "firewall", Ask: askFirewall, Read: readFirewall, Plan: planFirewall},
		{Name: "config", Ask: askConfig, Read: readConfig},
		{Name: "join", Ask: askJoin, Read: readJoin},
		{Name: "restart", Ask: askRestart, Plan: planRestart},
		{Name: "os", Ask: askOS, Read: readOS, Refuse: refuseShared},
		{Name: "roll", Plan: planRoll},
		{Name: "leave", Ask: askLeave, Read: readLeave, Refuse: refuseLeave, Plan: planLeave},
		{Name: "maintenance", Ask: askMaintenance, Read: readMaintenance, Plan: planMaintenance},
		{Name: "holder", Plan: planHolder},
		{Name: "lists", Plan: planLists},
	}
}

// Open returns the floating IP of a spec, whose defaults it fills in. It contacts no
// machine.
func Open(hosts host.Hosts, spec Spec) *Cluster {
	spec = spec.Defaulted()
	views := hosts.Views()
	return tier.New(tier.Definition[Status, host.Hosts]{
		Target:      hosts,
		Observe:     func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable: Status.errors,
		Absent:      func(seen Status) bool { return seen.absent(spec) },
		Diff:        func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:      func(ctx context.Context) error { return Verify(ctx, views, spec) },
		// A floating IP has no data to wipe.
		Remove: func(seen Status, _ bool) (Plan, error) { return Remove(spec, seen) },
		Notices: func(seen Status) []string {
			return slices.Concat(maintenanceNotices(seen), spec.OS.Notices(seen.systems(), seen.maintained()))
		},
		Foresee:  func(seen Status) tier.Foresight { return foresee(spec, seen) },
		Assume:   assume,
		Unasked:  func(seen Status) []string { return spec.OS.Unasked(seen.systems()) },
		Health:   func(seen Status) tier.Health { return HealthOf(spec, seen) },
		LeftOver: "its files, and what Keepalived has to be told",
	})
}

// Observe looks at every machine in one round trip each. It changes nothing.
// Given a name only, as on import, it finds the rest in the markers; see
// [Status.Spec].
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	status := Status{Machines: tier.Look(ctx, concerns(), views, spec, func(seen *Machine, name string, err error) {
		seen.Err = fmt.Errorf("cannot observe floating IP %s on %s: %w", spec.Name, name, err)
	})}
	known := status.recall(spec)
	status.Holders = status.names(func(m Machine) bool { return len(m.held(known.ips())) > 0 })
	return status
}

// Diff compares what was seen with what is wanted. An empty plan means that
// every machine that answers is set up as wanted, and that exactly one holds
// the address or none is fit to.
func Diff(spec Spec, status Status) (Plan, error) {
	d := newDraft(spec, status)
	if err := tier.Walk(concerns(), d); err != nil {
		return Plan{}, err
	}
	return d.stages.Plan(), nil
}

// draft is a plan that the concerns are making.
type draft struct {
	spec   Spec
	status Status
	// group is the spec with the machines that have not left yet.
	group  Spec
	stages tier.Stages[host.Hosts]
	// The stages in their order. No machine gets a new check before all have tried it.
	// A change of what all have to agree on is made in the stage of the holder, see [agreement];
	// that of the others tells how it ended.
	install, trial, prepare, loadOnHolder, loadTogether, regroup, roll, leave, maintenance, strays, settle, lists *tier.Stage[host.Hosts]
}

func newDraft(spec Spec, status Status) *draft {
	d := &draft{spec: spec, status: status}
	d.install = d.stages.Add("install what the new check may run")
	d.trial = d.stages.Add("try the new check")
	d.prepare = d.stages.Add("prepare")
	d.loadOnHolder = d.stages.Add("load the floating IP's configuration on its holder")
	d.loadTogether = d.stages.Add("load the floating IP's configuration at the same time")
	d.regroup = d.stages.Add("let the machines know each other")
	d.roll = d.stages.Add("load the configuration, the holder last")
	d.leave = d.stages.Add("leave the floating IP")
	d.maintenance = d.stages.Add("begin and end maintenance")
	d.strays = d.stages.Add("remove addresses that Keepalived did not configure")
	d.settle = d.stages.Add("settle")
	d.lists = d.stages.AddLast("refresh the lists of packages")
	d.group = d.members()
	for _, node := range d.nodes() {
		d.prepare.On(node.Name)
	}
	return d
}

// nodes returns the nodes that answered, in the order of their names.
func (d *draft) nodes() []host.Node {
	var nodes []host.Node
	for _, node := range d.spec.Nodes {
		if machine, seen := d.status.Machines[node.Name]; seen && machine.Reachable() {
			nodes = append(nodes, node)
		}
	}
	slices.SortFunc(nodes, func(a, b host.Node) int { return strings.Compare(a.Name, b.Name) })
	return nodes
}

// away returns the nodes that do not answer.
func (d *draft) away() []string {
	return d.status.names(func(m Machine) bool { return !m.Reachable() }, names(d.spec.Leaving)...)
}

func (d *draft) machine(node host.Node) Machine { return d.status.Machines[node.Name] }

// step returns the step on one machine; do is given that machine.
func step(node, title, why string, do func(context.Context, *host.Host) error) Step {
	return Step{Node: node, Title: title, Why: why, Do: func(ctx context.Context, hosts host.Hosts) error {
		return do(ctx, hosts[node])
	}}
}

// run returns the step that runs a command on one machine.
func run(node, title, why string, command shell.Command) Step {
	return step(node, title, why, func(ctx context.Context, h *host.Host) error {
		_, err := h.Run(ctx, command)
		return err
	})
}
