package floatingip

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

const (
	pollInterval = 300 * time.Millisecond
	// steadySamples is how often in a row the same machine has to be the only
	// holder: machines are not asked at the same instant, so an address on its way
	// can be seen on one machine by chance.
	steadySamples = 3
)

// NoHolderError says that no machine has the address, and why each does not.
type NoHolderError struct {
	Address string
	// Reasons are by machine; what the check said, most of the time.
	Reasons map[string]string
}

// Error names every machine with its reason.
func (e *NoHolderError) Error() string {
	return fmt.Sprintf("no machine holds %s: %s", e.Address, listed(e.Reasons))
}

// SeveralHoldersError says that more than one machine has the address.
type SeveralHoldersError struct {
	Address string
	Holders []string
}

// Error names the holders and what is most likely the cause.
func (e *SeveralHoldersError) Error() string {
	return fmt.Sprintf("%s hold %s at the same time: they do not hear each other. IP protocol 112 (VRRP) has to pass between their addresses; a packet filter of somebody else may drop it",
		strings.Join(e.Holders, ", "), e.Address)
}

// Cure says what makes several machines take one address.
func (e *SeveralHoldersError) Cure() (path []string, text string) {
	return []string{"interface"}, "The nodes' addresses (nodes.*.address) have to be in one layer-2 network, on Linode a VLAN, and on the same interface."
}

func listed(reasons map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(reasons)) {
		all = append(all, name+": "+reasons[name])
	}
	return strings.Join(all, "; ")
}

// Verify waits until exactly one machine holds the address, seen on all
// machines several times in a row. The error is a [*NoHolderError] or a
// [*SeveralHoldersError].
func Verify(ctx context.Context, views host.Views, spec Spec) error {
	return waitForHolder(ctx, views, spec, time.Duration(spec.HolderTimeoutSeconds)*time.Second, steadySamples)
}

func waitForHolder(ctx context.Context, views host.Views, spec Spec, limit time.Duration, samples int) error {
	var (
		last    error
		holder  string
		matched int
	)
	err := reconcile.WaitAtMost(ctx, limit, "one holder of "+spec.ip(), pollInterval, func(ctx context.Context) (string, error) {
		now, err := sample(ctx, views, spec)
		if ctx.Err() == nil {
			last = err
		}
		if err != nil {
			matched = 0
			// It may pass, so it is a reason to wait on.
			return fmt.Sprint(err), nil
		}
		if now != holder {
			holder, matched = now, 0
		}
		if matched++; matched < samples {
			return fmt.Sprintf("%s has held it %d times in a row", holder, matched), nil
		}
		return "", nil
	})
	if err != nil && last != nil {
		return fmt.Errorf("waited %s: %w", limit, last)
	}
	return err
}

// sample returns the one holder. A machine that does not answer does not count:
// another one was elected, or the reasons name it.
func sample(ctx context.Context, views host.Views, spec Spec) (string, error) {
	type answer struct {
		holds   bool
		lacking []string
		reason  string
	}
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (answer, error) {
		answers, err := view.Ask(ctx, askAddresses(), askRolePart(spec), askCheckUnlessHolder(spec))
		if err != nil {
			return answer{}, err
		}
		machine := Machine{Role: answers["role"].Out, Check: parseCheck(answers["check"].Out)}
		machine.Addresses, err = parseAddresses(answers["addresses"].Out)
		held, lacking := machine.held(spec.ips()), machine.lacks(spec.ips())
		return answer{holds: len(held) > 0, lacking: lacking, reason: reasonOf(machine, spec)}, err
	})
	var holders []string
	reasons := map[string]string{}
	for name, s := range seen {
		switch {
		case s.Err != nil:
			reasons[name] = "it does not answer: " + s.Err.Error()
		case s.Value.holds:
			holders = append(holders, name)
		default:
			reasons[name] = s.Value.reason
		}
	}
	slices.Sort(holders)
	switch len(holders) {
	case 0:
		return "", &NoHolderError{Address: spec.ip(), Reasons: reasons}
	case 1:
		if lacking := seen[holders[0]].Value.lacking; len(lacking) > 0 {
			reasons[holders[0]] = "it holds the floating IP without " + strings.Join(lacking, ", ")
			return "", &NoHolderError{Address: strings.Join(lacking, ", "), Reasons: reasons}
		}
		return holders[0], nil
	}
	return "", &SeveralHoldersError{Address: spec.ip(), Holders: holders}
}

func reasonOf(machine Machine, spec Spec) string {
	if machine.Check.Ran && !machine.Check.Passed {
		return "its check fails: " + machine.Check.Output
	}
	if machine.Role == "" {
		return "keepalived has told no state"
	}
	passes := "its check passes and "
	if spec.Check.Kind == CheckNone {
		passes = ""
	}
	return passes + "keepalived is " + machine.Role
}
