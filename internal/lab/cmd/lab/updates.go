package main

import (
	"context"
	"errors"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

const updatesUsage = `lab updates NAME ...: newer versions of the tiers' packages, of a library and of the time zones
appear in an archive on the machines, as if Debian had published them. Nothing is installed.`

// updates offers updates on machines.
func updates(ctx context.Context, c command) error {
	if len(c.args) == 0 {
		return usageError(updatesUsage)
	}
	numbers, err := c.machines(ctx, c.args)
	if err != nil {
		return err
	}
	hardware, err := region.Hardware(ctx, c.client, c.folder)
	if err != nil {
		return err
	}
	return each(func(ctx context.Context, number int) error {
		release, err := hardware.Debian(ctx, number)
		if err != nil {
			return err
		}
		var errs []error
		for _, offered := range machine.DefaultUpdates(release) {
			errs = append(errs, hardware.OfferUpdates(ctx, number, offered))
		}
		return errors.Join(errs...)
	})(ctx, numbers...)
}
