package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	leaseScript        = shell.Embedded(scripts, "take-lease")
	releaseLeaseScript = shell.Embedded(scripts, "release-lease")
)

// LeaseTerm is how long a lease holds without being renewed. A run that died
// blocks the next one for no longer than this.
const LeaseTerm = 60 * time.Second

// BusyError says that another run works on the same cluster.
type BusyError struct {
	Node  string
	Lease string
	// Owner is what the other run said of itself.
	Owner string
}

// Error names the other run.
func (e *BusyError) Error() string {
	return fmt.Sprintf("another run works on %s: %s holds its lease on %s; it ends by itself %s after that run's last sign of life",
		e.Lease, e.Owner, e.Node, LeaseTerm)
}

// LostLeaseError says that another run has taken the lease of this one, which had
// given no sign of life for too long.
type LostLeaseError struct {
	BusyError
}

// Error says who goes on instead.
func (e *LostLeaseError) Error() string {
	return fmt.Sprintf("cannot go on with %s: this run gave no sign of life for more than %s, and %s has taken its lease on %s",
		e.Lease, LeaseTerm, e.Owner, e.Node)
}

// Owner says who holds a lease: one piece of work of one run. Another piece of
// work of the same run is waited for as long as it takes.
type Owner struct {
	Run  string
	Work string
}

// String is how the owner is written on the machines.
func (o Owner) String() string { return o.Work + " in " + o.Run }

// Lease is the right to change one cluster, held on its machines.
type Lease struct {
	name, owner string
	hosts       []*Host
	stop        context.CancelFunc
	stopped     chan struct{}
	// lost is closed when another run has the lease, after loss has said which.
	lost   chan struct{}
	losing sync.Once
	loss   *LostLeaseError
}

// TakeLease takes the lease on every machine that answers, waiting for another run
// up to patience. It takes all or none: while one is held by somebody else it
// gives back the others, so that two runs do not wait for each other and nothing
// expires meanwhile. The lease renews itself until [Lease.Release].
func TakeLease(ctx context.Context, hosts Hosts, name string, owner Owner, patience time.Duration) (*Lease, error) {
	lease := &Lease{name: name, owner: owner.String(), lost: make(chan struct{})}
	deadline := time.Now().Add(patience)
	for {
		err := lease.takeAll(ctx, hosts)
		if err == nil {
			break
		}
		lease.Release(ctx)
		lease.hosts = nil
		var busy *BusyError
		if !errors.As(err, &busy) || ctx.Err() != nil || time.Now().After(deadline) && !strings.HasSuffix(busy.Owner, " in "+owner.Run) {
			return nil, err
		}
		pause(ctx, time.Second)
	}
	// The lease must outlive a canceled operation until that has cleaned up.
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	lease.stop, lease.stopped = stop, make(chan struct{})
	go lease.renew(renewing)
	return lease, nil
}

// takeAll takes the lease on one machine after the other, and ends at the first that
// somebody else holds. A machine that cannot be reached can be changed by nobody. One
// that is connected and does not answer may yet do what it is told: it may be left
// out only where most of the machines gave the lease, which no other run then gets.
func (l *Lease) takeAll(ctx context.Context, hosts Hosts) error {
	var silence error
	for _, node := range hosts.Names() {
		err := takeOne(ctx, hosts[node], l.name, l.owner)
		switch {
		case err == nil:
			l.hosts = append(l.hosts, hosts[node])
		case isSilent(err):
			silence = errors.Join(silence, err)
		case !IsUnreachable(err):
			return err
		}
	}
	if 2*len(l.hosts) > len(hosts) {
		return nil
	}
	return silence
}

func takeOne(ctx context.Context, host *Host, name, owner string) error {
	command := shell.Script(leaseScript, name, owner, fmt.Sprintf("%d", int(LeaseTerm.Seconds())))
	_, err := host.Run(ctx, command.WithLimit(LeaseTerm/4))
	var exit *shell.ExitError
	if errors.As(err, &exit) && exit.Status == 75 {
		return &BusyError{Node: host.Name(), Lease: name, Owner: strings.TrimSpace(string(exit.Stdout))}
	}
	if errors.As(err, &exit) && exit.Status == 76 {
		err = errLocked
	}
	if err != nil {
		return fmt.Errorf("cannot take lease %s on %s: %w", name, host.Name(), err)
	}
	return nil
}

var errLocked = errors.New("a process there holds the lock of the leases for more than 5 s: /run/terraform-ha/leases/.lock")

func (l *Lease) renew(ctx context.Context) {
	defer close(l.stopped)
	ticker := time.NewTicker(LeaseTerm / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// A machine that cannot be reached now cannot be changed now either; the
			// step that needs it will say so. It must not keep the others waiting.
			l.onAll(ctx, LeaseTerm/4, l.renewOn)
		}
	}
}

// renewOn renews the lease on one machine. A reboot has removed it, and another run that
// tries to take it everywhere may have it there for a moment, until it is refused elsewhere.
func (l *Lease) renewOn(ctx context.Context, host *Host) {
	const tries = 3
	for try := 1; ; try++ {
		var busy *BusyError
		if err := takeOne(ctx, host, l.name, l.owner); !errors.As(err, &busy) {
			return
		}
		if try == tries {
			l.losing.Do(func() { l.loss = &LostLeaseError{*busy}; close(l.lost) })
			return
		}
		pause(ctx, time.Second)
	}
}

// Guard returns a context that also ends when another run takes the lease, for
// everything that the lease gives the right to.
func (l *Lease) Guard(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-l.lost:
			cancel(l.loss)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Verdict is the error of work under a [Lease.Guard]: the loss of the lease where
// that is what ended it.
func (l *Lease) Verdict(err error) error {
	select {
	case <-l.lost:
		if err != nil {
			return l.loss
		}
	default:
	}
	return err
}

// Release gives the lease back. It works after ctx has ended.
func (l *Lease) Release(ctx context.Context) {
	if l.stop != nil {
		l.stop()
		<-l.stopped
	}
	// A lease that cannot be given back ends by itself.
	l.onAll(context.WithoutCancel(ctx), 10*time.Second, func(ctx context.Context, host *Host) {
		_, _ = host.Run(ctx, shell.Script(releaseLeaseScript, l.name, l.owner))
	})
}

// onAll acts on every machine of the lease at the same time.
func (l *Lease) onAll(ctx context.Context, limit time.Duration, act func(context.Context, *Host)) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var wait sync.WaitGroup
	for _, host := range l.hosts {
		wait.Go(func() { act(ctx, host) })
	}
	wait.Wait()
}
