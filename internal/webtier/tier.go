package webtier

import (
	"context"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Target is what the steps of a web tier act upon.
type Target struct {
	Hosts host.Hosts
	// Balancer is nil where nothing of ours balances the tier.
	Balancer Balancer
}

type (
	// Plan is a plan for a web tier.
	Plan = reconcile.Plan[Target]
	// Step is a step of such a plan.
	Step = reconcile.Step[Target]
	// Lane is a sequence of such steps.
	Lane = reconcile.Lane[Target]
)

type concern = tier.Concern[Spec, NodeStatus, *draft]

// concerns is what the tier looks after, in the order in which work on a machine is
// done. The roll then decides which machines are changed side by side and which one
// after the other, and the work on WordPress, which the machines share, comes after it. Machines leave when all that is done.
func concerns() []concern {
	return []concern{
		{Name: "files", Read: readFiles},
		{Name: "identity", Ask: askIdentity, Read: readIdentity, Refuse: refuseForeign, Plan: onEach(planMarker)},
		{Name: "restart", Ask: askRestart, Plan: onEach(planTrigger)},
		{Name: "packages", Ask: askPackages, Read: readPackages, Plan: onEach(planPackages)},
		{Name: "probe", Ask: askProbe, Plan: onEach(planPrograms)},
		{Name: "accounts", Ask: askAccounts, Read: readAccounts, Refuse: refuseAccounts, Plan: onEach(planAccount)},
		{Name: "units", Ask: askUnits, Read: readUnits, Plan: onEach(planUnits)},
		{Name: "kernel", Ask: askKernel, Read: readKernel, Plan: onEach(planKernel)},
		{Name: "mount", Ask: askMount, Read: readMount, Refuse: refuseMountPoint, Plan: onEach(planMount)},
		{Name: "content", Read: readContent, Refuse: refuseExposed, Plan: onEach(planContent)},
		{Name: "config", Ask: askPending, Read: readPending},
		{Name: "php", Ask: askPHP, Read: readPHP, Plan: onEachInstalled(planPHP)},
		{Name: "apache", Ask: askApache, Read: readApache, Plan: onEachInstalled(planApache)},
		{Name: "undeclared", Ask: askUndeclared, Plan: onEachInstalled(planUndeclared)},
		{Name: "site", Read: readSite, Refuse: refuseOtherSite, Plan: onEachInstalled(planRecord)},
		{Name: "drain", Ask: askDrain, Read: readDrain},
		{Name: "health", Ask: askHealth, Read: readHealth, Plan: onEachInstalled(planRestart)},
		{Name: "os", Ask: askOS, Read: readOS, Refuse: refuseShared, Plan: onEachInstalled(planOS)},
		{Name: "roll", Plan: planRoll},
		{Name: "maintenance", Ask: askMaintenance, Read: readMaintenance, Plan: planMaintenance},
		{Name: "wordpress", Read: readWordPress, Plan: planWordPress},
		{Name: "leave", Plan: planLeave},
		{Name: "lists", Plan: planLists},
	}
}

// Cluster is a web tier on its machines.
type Cluster = tier.Cluster[Status, Target]

// Open returns the web tier of a spec. Prior is what was declared before, nil where
// there is nothing before or nothing is changed. It contacts no machine.
func Open(target Target, spec Spec, prior *Spec) *Cluster {
	spec = spec.Defaulted()
	views := target.Hosts.Views()
	var left []string
	if prior != nil {
		before := prior.Defaulted()
		spec, left = spec.followed(before), spec.Left(before)
	}
	var last Status
	return tier.New(tier.Definition[Status, Target]{
		Target: target,
		Observe: func(ctx context.Context) Status {
			last = Observe(ctx, views, spec)
			last.askBalancer(ctx, spec, target.Balancer)
			return last
		},
		Unreachable: Status.errors,
		Absent:      func(seen Status) bool { return seen.absent(spec) },
		Diff:        func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:      func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:      func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe) },
		Finish: func(ctx context.Context) error {
			return Release(ctx, target.Balancer, spec, spec.stillLeft(left, last))
		},
		Foresee: func(seen Status) tier.Foresight { return foresee(spec, seen) },
		Assume:  assume,
		Unasked: func(seen Status) []string { return spec.OS.Unasked(seen.systems()) },
		Notices: func(seen Status) []string {
			return slices.Concat(spec.Notices(seen), spec.leftInService(seen), maintenanceNotices(seen), spec.OS.Notices(seen.systems(), seen.maintained()))
		},
		Health: func(seen Status) tier.Health { return HealthOf(spec, seen) },
	})
}

// Observe looks at every node, each with one command, all at the same time. On
// import the spec has only its name and nodes.
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	return Status{Nodes: tier.Look(ctx, concerns(), views, spec, noteSilent)}
}

// Diff returns the way from what was seen to what is wanted.
func Diff(spec Spec, status Status) (Plan, error) {
	d := newDraft(spec, status)
	if err := tier.Walk(concerns(), d); err != nil {
		return Plan{}, err
	}
	if d.plan.Empty() && d.refused != nil {
		return Plan{}, d.refused
	}
	return d.plan, nil
}
