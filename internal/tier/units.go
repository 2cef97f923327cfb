package tier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// EnableUnit returns the work that makes a unit start at boot, also one that is masked.
func EnableUnit(unit, why string) Work {
	return Work{Title: "enable " + unit, Why: why,
		Do: func(ctx context.Context, machine *host.Host) error { return machine.EnableUnit(ctx, unit) }}
}

// ReloadSystemd returns the work that makes systemd read its unit files again. It is for
// a run that broke off between a file and the reload, too.
func ReloadSystemd(why string) Work {
	return Work{Title: "reload systemd", Why: why,
		Do: func(ctx context.Context, machine *host.Host) error { return machine.ReloadSystemd(ctx) }}
}
