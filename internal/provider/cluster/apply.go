package cluster

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// outcome is what came of a change.
type outcome struct {
	// begun says that machines may have been changed.
	begun bool
	// done says that the cluster is as declared; hosts are its machines then.
	done  bool
	hosts host.Hosts
	// departing is what is kept of the machines that have yet to leave.
	departing []byte
}

// apply is the one way of changing a cluster: take the lease and converge.
func (r *Resource[M, C, P]) apply(ctx context.Context, verb string, plan P, config, prior *M, diags *diag.Diagnostics) outcome {
	log := r.access.reporter(ctx, r.TypeName+"."+plan.Label().ValueString())
	begun := false
	fail := func(err error) outcome {
		diags.Append(r.failure(ctx, verb, err, log.completed()...))
		return outcome{begun: begun}
	}
	if err := r.access.requireKey(); err != nil {
		return fail(err)
	}
	var before *Shared
	if prior != nil {
		before = P(prior).shared()
	}
	machines := machinesOf(plan.shared(), before)
	if d, ok := any(plan).(HasRequirements); ok {
		machines.wanted = d.Requirements()
	}
	if d, ok := any(plan).(HasGivenUp); ok {
		machines.givenUp = d.GivenUp(ctx)
	}
	cluster := r.access.clusterOf(r.TypeName, plan.Label().ValueString(), plan.shared().nodes())
	r.access.sightings.forget(cluster)
	defer r.access.sightings.forget(cluster) // nor is what was seen on the way
	reach, err := r.access.reached(ctx, machines)
	if err != nil {
		return fail(err)
	}
	diags.Append(reach.warnings...)
	hosts := reach.hosts
	t, err := plan.Open(ctx, r.access, hosts, config, prior)
	if err != nil {
		return fail(err)
	}
	rolling := plan.shared().rollingFrom(before)
	t.RollWith(rolling)
	leases, err := r.takeLeases(ctx, hosts, plan)
	if err != nil {
		return fail(err)
	}
	defer leases.release(ctx)
	begun = true
	if err := leases.do(ctx, func(ctx context.Context) error { return t.Converge(ctx, log) }); err != nil {
		return fail(err)
	}
	away, gone := machines.split(t.Unreachable())
	maps.Copy(gone, reach.gone)
	diags.Append(unreachableWarnings(away)...)
	diags.Append(departedWarnings(gone)...)
	diags.Append(r.notices(t)...)
	diags.Append(leftOutWarnings(away, t.LeftOver())...)
	plan.SetComputed(ctx, t)
	plan.shared().ID = plan.Label()
	plan.shared().Drift = driftValue(nil)
	if left := t.Postponed(); len(left) > 0 {
		diags.Append(postponedWarnings(left, rolling.StopAfter)...)
		drift, _ := t.Drift()
		plan.shared().Drift = driftValue(drift)
	}
	plan.shared().HostKeys = StringMap(r.access.learnedKeys(reach.clients, plan.shared().nodes(), machines.remembered))
	r.forget(ctx, plan, machines.leaving(hosts))
	return outcome{begun: true, done: true, hosts: machines.staying(hosts), departing: recordedDepartures(machines, t.Departing())}
}
