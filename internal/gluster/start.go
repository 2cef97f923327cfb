package gluster

import (
	"context"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// change plans what is to be done about a volume that exists.
func (d *differ) change(plan *Plan) {
	leader := d.leader()
	different := differences(d.spec.options(), d.volume.Options)
	resets := d.resets()
	mayChange := true
	start := d.volume.State != volumeStarted
	work := len(different)+len(resets) > 0 || start
	if away := d.away(start); work && len(away) > 0 {
		// A transaction that meets a lost peer hangs and leaves its lock behind.
		mayChange = false
		d.block("change volume "+d.spec.Name, append(away, d.pending(different, resets)...)...)
	}
	var steps []Step
	if work && mayChange && d.unsettled() != "" {
		steps = append(steps, Step{Title: "wait until all peers are connected", Do: waitPeers(d.spec, names(d.members()))})
	}
	if d.volumeStarted() {
		steps = append(steps, d.revive(leader)...)
	}
	if mayChange && len(different) > 0 {
		var why []string
		for _, difference := range different {
			why = append(why, difference.String())
		}
		steps = append(steps, Step{Title: "set options", Why: strings.Join(why, "; "), Do: setOptions(d.spec, leader.Name, different)})
	}
	if mayChange && len(resets) > 0 {
		steps = append(steps, Step{Title: "reset options", Why: sentence("option %s is set and no longer declared", "options %s are set and no longer declared", resets),
			Do: resetOptions(d.spec, leader.Name, resets)})
	}
	if mayChange && d.volume.State != volumeStarted {
		why := "the volume is stopped"
		if d.volume.State == volumeCreated {
			why = "the volume was never started"
		}
		steps = append(steps,
			Step{Title: "start the volume", Why: why, Do: startVolume(d.spec, leader.Name)},
			Step{Title: "wait until the volume is healthy", Do: waitHealthy(d.spec, d.names(), true)})
	}
	plan.Serial("volume", steps...)
}

// away says why a transaction cannot be made: every member of the pool has to be
// there, and every brick where the volume is to be started.
func (d *differ) away(start bool) []string {
	if start {
		return d.absentees(d.reached)
	}
	return d.absentees(d.members())
}

func (d *differ) pending(different []OptionDifference, resets []string) []string {
	var evidence []string
	for _, difference := range different {
		evidence = append(evidence, difference.String())
	}
	for _, key := range resets {
		evidence = append(evidence, "option "+key+" is to be reset")
	}
	if d.volume.State != volumeStarted {
		evidence = append(evidence, "the volume is "+strings.ToLower(d.volume.StateName))
	}
	return evidence
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
