package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

const faultUsage = `lab fault KIND NAME ...:
  kill NAME [UNIT]          kill every process of a unit; of the whole machine without one
  freeze NAME ...           have a machine stand still, with a silent network; thaw lets it go on
  thaw NAME ...
  poweroff NAME ...         cut the power
  poweron NAME ...          give power back to all at the same moment, and wait until
                            they have booted; says which units still wait, for
                            example a database for its peers
  reboot NAME ...           shut down in an orderly way and boot; several at the same time
  partition [-reject] [-lab] [-from NAME,NAME] NAME ...
                            cut machines off from all others, or from some;
                            -reject tells the sender, -lab cuts SSH from here too
  heal                      take every cut back
  fill NAME PATH            fill the disk at a path; free takes it back
  free NAME PATH
  balancer DELAY            NodeBalancers act on every change that much later, until this
                            is said again; a real one takes up to 60s, 0s is the lab's own`

func fault(ctx context.Context, c command) error {
	if len(c.args) == 0 {
		_, err := fmt.Fprintln(c.stdout, faultUsage)
		return err
	}
	if c.args[0] == "balancer" {
		return c.balancer()
	}
	hardware, err := region.Hardware(ctx, c.client, c.folder)
	if err != nil {
		return err
	}
	kind, args := c.args[0], c.args[1:]
	switch kind {
	case "heal":
		return hardware.Heal(ctx)
	case "partition":
		return c.partition(ctx, hardware, args)
	case "kill":
		return c.kill(ctx, hardware, args)
	case "fill", "free":
		return c.disk(ctx, hardware, kind, args)
	}
	act, found := map[string]func(context.Context, ...int) error{
		"freeze": each(hardware.Freeze), "thaw": each(hardware.Thaw),
		"poweroff": each(hardware.PowerOff), "poweron": hardware.PowerOnTogether,
		"reboot": each(hardware.Reboot),
	}[kind]
	if !found || len(args) == 0 {
		return verbUsageError(faultUsage)
	}
	numbers, err := c.machines(ctx, args)
	if err != nil {
		return err
	}
	if err := act(ctx, numbers...); err != nil || kind != "poweron" && kind != "reboot" {
		return err
	}
	// Only now: a database boots only when it sees its peers.
	if err := each(hardware.WaitBooted)(ctx, numbers...); err != nil {
		return err
	}
	return c.sayStarting(ctx, hardware, args, numbers)
}

// each does something to all machines at the same time.
func each(act func(context.Context, int) error) func(context.Context, ...int) error {
	return func(ctx context.Context, numbers ...int) error {
		errs := make([]error, len(numbers))
		var wait sync.WaitGroup
		for i, number := range numbers {
			wait.Go(func() { errs[i] = act(ctx, number) })
		}
		wait.Wait()
		return errors.Join(errs...)
	}
}

// sayStarting names the units that machines which have booted still start.
func (c command) sayStarting(ctx context.Context, hardware *machine.Region, names []string, numbers []int) error {
	for i, number := range numbers {
		units, err := hardware.StartingUnits(ctx, number)
		if err != nil {
			return err
		}
		if len(units) > 0 {
			fmt.Fprintf(c.stderr, "lab: %s has booted and still starts %s\n", names[i], strings.Join(units, ", "))
		}
	}
	return nil
}

func (c command) balancer() error {
	if len(c.args) != 2 {
		return verbUsageError(faultUsage)
	}
	delay, err := time.ParseDuration(c.args[1])
	if err != nil {
		return verbUsageError(faultUsage)
	}
	if _, err := c.folder.Settings(); err != nil {
		return err
	}
	return c.folder.SetBalancerDelay(delay)
}

func (c command) kill(ctx context.Context, hardware *machine.Region, args []string) error {
	if len(args) == 0 || len(args) > 2 {
		return verbUsageError(faultUsage)
	}
	numbers, err := c.machines(ctx, args[:1])
	if err != nil {
		return err
	}
	if len(args) == 1 {
		return hardware.PowerOff(ctx, numbers[0])
	}
	return hardware.KillUnit(ctx, numbers[0], args[1])
}

func (c command) disk(ctx context.Context, hardware *machine.Region, kind string, args []string) error {
	if len(args) != 2 {
		return verbUsageError(faultUsage)
	}
	numbers, err := c.machines(ctx, args[:1])
	if err != nil {
		return err
	}
	if kind == "fill" {
		return hardware.FillDisk(ctx, numbers[0], args[1])
	}
	return hardware.FreeDisk(ctx, numbers[0], args[1])
}

func (c command) partition(ctx context.Context, hardware *machine.Region, args []string) error {
	flags := flag.NewFlagSet("partition", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	reject := flags.Bool("reject", false, "")
	lab := flags.Bool("lab", false, "")
	from := flags.String("from", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		return verbUsageError(faultUsage)
	}
	side, err := c.machines(ctx, flags.Args())
	if err != nil {
		return err
	}
	others, err := c.machines(ctx, strings.FieldsFunc(*from, func(r rune) bool { return r == ',' }))
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, func(id int) bool { return slices.Contains(side, id) }) {
		return fmt.Errorf("cannot cut a machine off from itself")
	}
	return hardware.Partition(ctx, machine.Partition{Side: side, From: others, Reject: *reject, CutLab: *lab})
}
