package floatingip

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// agreeTime bounds a change of what all machines have to agree on: Keepalived stops on some
// machines, reloads on one, and starts on the others.
const agreeTime = 2 * time.Minute

// afterwards is what machines have for starting or stopping Keepalived where the change has failed,
// also if its own time is over.
const afterwards = 30 * time.Second

// agreement is a change of what all machines have to agree on, such as the secret. Machines that
// differ in it do not hear each other, and after three advertisements each takes the address.
// So only one speaks meanwhile: the others stop, and no boot starts them; the holder loads what
// is new; the others start with that. Whatever ends this in between, also the death of the one who
// leads it, leaves one machine with the address.
type agreement struct {
	spec Spec
	// first is the change on the holder. Where nobody holds the address it is any of them.
	first  change
	others []change
	// failed is why others did not load it.
	failed []error
}

// add takes in the change on a machine.
func (a *agreement) add(c change, holds bool) {
	switch {
	case a.first.verb == nothing:
		a.first = c
	case holds:
		a.others = append(a.others, a.first)
		a.first = c
	default:
		a.others = append(a.others, c)
	}
}

// agree plans the change, if there is one.
func (d *draft) agree(a *agreement) {
	if a.first.verb == nothing {
		return
	}
	first, others := a.steps()
	d.loadOnHolder.On(a.first.node.Name, first)
	for i, c := range a.others {
		d.loadTogether.On(c.node.Name, others[i])
	}
}

// steps returns a step for each machine. That of the first does the work, because nothing may
// come between its parts; those of the others say how theirs ended.
func (a *agreement) steps() (first Step, others []Step) {
	a.failed = make([]error, len(a.others))
	first = a.first.step()
	first.Do = func(ctx context.Context, hosts host.Hosts) error {
		working, cancel := context.WithTimeout(context.WithoutCancel(ctx), agreeTime)
		defer cancel()
		return errors.Join(a.make(working, hosts), ctx.Err())
	}
	for i, c := range a.others {
		load := c.step()
		load.Do = func(context.Context, host.Hosts) error { return a.failed[i] }
		others = append(others, load)
	}
	return first, others
}

func (a *agreement) make(ctx context.Context, hosts host.Hosts) error {
	stopped := a.each(func(c change) error { return hosts[c.node.Name].DisableUnit(ctx, unitName) })
	if err := errors.Join(stopped...); err != nil {
		return errors.Join(err, a.startAgain(ctx, hosts))
	}
	if err := a.first.step().Do(ctx, hosts); err != nil {
		loaded, known := a.loaded(ctx, hosts[a.first.node.Name])
		switch {
		case !host.IsUnreachable(err) || known && !loaded:
			return errors.Join(err, a.startAgain(ctx, hosts))
		case !known:
			// With the former configuration the others might not hear the holder, and with the
			// new one neither.
			return fmt.Errorf("cannot tell whether the holder of floating IP %s has loaded the change; keepalived stays stopped on its other nodes until an apply reaches the holder: %w", a.spec.Name, err)
		}
	}
	a.failed = a.each(func(c change) error { return c.loadOrStop(ctx, hosts) })
	return nil
}

// startAgain takes the others back into service with the configuration that they have.
func (a *agreement) startAgain(ctx context.Context, hosts host.Hosts) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	return errors.Join(a.each(func(c change) error {
		h := hosts[c.node.Name]
		return errors.Join(h.EnableUnit(ctx, unitName), h.StartUnit(ctx, unitName))
	})...)
}

// loaded reports whether the first machine sends what the change is to make it send, and whether
// that is known.
func (a *agreement) loaded(ctx context.Context, h *host.Host) (loaded, known bool) {
	instance := a.first.files[len(a.first.files)-1]
	answers, err := h.Ask(ctx, askSent(instance.Path)...)
	if err != nil {
		return false, false
	}
	sent, stale := parseSent(answers)
	return sent == sentBy(instance) && !stale, true
}

// each does something on all others at once, and returns what went wrong on each of them.
func (a *agreement) each(do func(change) error) []error {
	var all sync.WaitGroup
	failed := make([]error, len(a.others))
	for i, c := range a.others {
		all.Go(func() { failed[i] = do(c) })
	}
	all.Wait()
	return failed
}

// loadOrStop starts Keepalived with the new configuration. Nothing is put back: with the former
// one it would not hear the holder any more, and take the address as well. Where it cannot be
// loaded Keepalived is stopped, and the other machines go on; the next round starts it, or says
// why it cannot.
func (c change) loadOrStop(ctx context.Context, hosts host.Hosts) error {
	err := c.loading("stay").Do(ctx, hosts)
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	if stopped := hosts[c.node.Name].StopUnit(ctx, unitName); stopped != nil {
		return errors.Join(err, stopped)
	}
	return nil
}
