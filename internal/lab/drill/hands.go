package drill

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// labHands are the hands in the lab.
type labHands struct {
	website.LabMachines
	site  website.Site
	apply func(ctx context.Context, variables map[string]string) error
}

func (h labHands) number(node string) (int, error) {
	number, found := h.Numbers[node]
	if !found {
		return 0, fmt.Errorf("cannot find a machine of node %s", node)
	}
	return number, nil
}

func (h labHands) numbers(nodes []string) ([]int, error) {
	numbers := make([]int, 0, len(nodes))
	for _, node := range nodes {
		number, err := h.number(node)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// together does something to several machines at the same moment.
func (h labHands) together(nodes []string, do func(node string) error) error {
	var all sync.WaitGroup
	failed := make([]error, len(nodes))
	for i, node := range nodes {
		all.Go(func() { failed[i] = do(node) })
	}
	all.Wait()
	return errors.Join(failed...)
}

func (h labHands) PowerOff(ctx context.Context, nodes ...string) error {
	return h.together(nodes, func(node string) error { return h.LabMachines.PowerOff(ctx, node) })
}

func (h labHands) PowerOn(ctx context.Context, nodes ...string) error {
	numbers, err := h.numbers(nodes)
	if err != nil {
		return err
	}
	if err := h.Hardware.PowerOnTogether(ctx, numbers...); err != nil {
		return err
	}
	// Only now: a database boots only when it sees its peers.
	return h.on(nodes, func(number int) error { return h.Hardware.WaitBooted(ctx, number) })
}

func (h labHands) on(nodes []string, do func(number int) error) error {
	return h.together(nodes, func(node string) error {
		number, err := h.number(node)
		if err != nil {
			return err
		}
		return do(number)
	})
}

func (h labHands) Reboot(ctx context.Context, node string) error {
	return h.on([]string{node}, func(number int) error { return h.Hardware.Reboot(ctx, number) })
}

func (h labHands) Freeze(ctx context.Context, node string) error {
	return h.on([]string{node}, func(number int) error { return h.Hardware.Freeze(ctx, number) })
}

func (h labHands) Thaw(ctx context.Context, node string) error {
	return h.on([]string{node}, func(number int) error { return h.Hardware.Thaw(ctx, number) })
}

func (h labHands) Cut(ctx context.Context, reject bool, nodes ...string) error {
	side, err := h.numbers(nodes)
	if err != nil {
		return err
	}
	return h.Hardware.Partition(ctx, machine.Partition{Side: side, Reject: reject})
}

func (h labHands) Heal(ctx context.Context) error { return h.Hardware.Heal(ctx) }

func (h labHands) FillDisk(ctx context.Context, node, path string) error {
	return h.on([]string{node}, func(number int) error { return h.Hardware.FillDisk(ctx, number, path) })
}

func (h labHands) FreeDisk(ctx context.Context, node, path string) error {
	return h.on([]string{node}, func(number int) error { return h.Hardware.FreeDisk(ctx, number, path) })
}

func (h labHands) Run(ctx context.Context, node, script string, args ...string) (string, error) {
	return h.site.Ask(ctx, node, script, args...)
}

func (h labHands) Apply(ctx context.Context, variables map[string]string) error {
	return h.apply(ctx, variables)
}
