package cluster

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// takeLease takes the right to change the machines.
func (r *Resource[M, C, P]) takeLease(ctx context.Context, hosts host.Hosts, name string) (*host.Lease, error) {
	lease := r.Kind + "-" + name
	if r.OneAtATime {
		lease = r.Kind
	}
	return host.TakeLease(ctx, hosts, lease, host.Owner{Run: r.access.run, Work: "ha_" + r.TypeName + " " + name}, r.access.LeasePatience)
}

// systemLease is what runs need that update or reboot machines: no two of them, of whatever
// resources, take two machines out of service that have a common tier.
const systemLease = "os"

// takeLeases takes the right to change the machines and, where it is needed, to reboot them.
func (r *Resource[M, C, P]) takeLeases(ctx context.Context, hosts host.Hosts, plan P) (leases, error) {
	name := plan.Label().ValueString()
	own, err := r.takeLease(ctx, hosts, name)
	if err != nil || plan.shared().SystemOS() == (tier.OS{}) {
		return leases{own}, err
	}
	owner := host.Owner{Run: r.access.run, Work: "ha_" + r.TypeName + " " + name}
	system, err := host.TakeLease(ctx, hosts, systemLease, owner, r.access.LeasePatience)
	if err != nil {
		own.Release(ctx)
		return nil, err
	}
	return leases{own, system}, nil
}

type leases []*host.Lease

func (l leases) release(ctx context.Context) {
	for _, lease := range l {
		lease.Release(ctx)
	}
}

// do does work that ends when one of the leases is lost.
func (l leases) do(ctx context.Context, work func(context.Context) error) error {
	for _, lease := range l {
		under := work
		work = func(ctx context.Context) error { return underLease(ctx, lease, under) }
	}
	return work(ctx)
}

// underLease does work that ends when the lease is lost.
func underLease(ctx context.Context, lease *host.Lease, work func(context.Context) error) error {
	ctx, done := lease.Guard(ctx)
	defer done()
	return lease.Verdict(work(ctx))
}

// thisRun says which process on which machine this is, for people and for other
// runs. Containers have the same names and numbers again and again, so it also
// has the time.
func thisRun() string {
	name, err := os.Hostname()
	if err != nil {
		name = "a machine without a name"
	}
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), name, time.Now().UTC().Format(time.RFC3339))
}
