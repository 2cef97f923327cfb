package cluster

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// takeLease takes the right to change the machines.
func (r *Resource[M, C, P]) takeLease(ctx context.Context, hosts host.Hosts, name string) (*host.Lease, error) {
	lease := r.Kind + "-" + name
	if r.OneAtATime {
		lease = r.Kind
	}
	return host.TakeLease(ctx, hosts, lease, host.Owner{Run: r.access.run, Work: "ha_" + r.TypeName + " " + name}, r.access.LeasePatience)
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
