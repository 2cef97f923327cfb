package gluster

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func planStart(d *draft) error {
	switch {
	case d.building():
		d.stages.volume.InOrder(d.start("")...)
	case d.changing() && d.changeWaits() == nil && d.volume.State == volumeCreated:
		d.stages.volume.InOrder(d.start("the volume was never started")...)
	case d.changing() && d.changeWaits() == nil && d.volume.State != volumeStarted:
		d.stages.volume.InOrder(d.start("the volume is stopped")...)
	}
	return nil
}

func (d *draft) start(why string) []Step {
	return []Step{
		{Title: "start the volume", Why: why, Do: startVolume(d.spec, d.leader().Name)},
		{Title: "wait until the volume is healthy", Do: waitHealthy(d.spec, true)},
	}
}

func startVolume(spec Spec, leader string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		started, err := volumeHasState(ctx, hosts[leader], spec.Name, volumeStarted)
		if err != nil || started {
			return err
		}
		return transaction(ctx, hosts[leader], "volume", "start", spec.Name)
	}
}
