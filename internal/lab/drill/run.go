package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// Load makes the traffic of a drill. [Traffic] is the one that is used.
type Load interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context)
	CleanUp(ctx context.Context) error
}

// Pace is how long a drill gives to things.
type Pace struct {
	// Before is how long clients work before a fault, and After once all is well again.
	Before, After time.Duration
	// Poll is how often the health is asked for.
	Poll time.Duration
	// Alone is how long a site of which an apply may be needed is left alone, and Applied
	// how long it may take after that apply.
	Alone, Applied time.Duration
	// Undo bounds the undoing of a fault of a drill that was interrupted, and CleanUp the
	// removal of what was written.
	Undo, CleanUp time.Duration
}

// DefaultPace is the pace of make drill.
func DefaultPace() Pace {
	return Pace{Before: 8 * time.Second, After: 5 * time.Second, Poll: time.Second, Alone: time.Minute, Applied: 3 * time.Minute, Undo: 2 * time.Minute, CleanUp: 20 * time.Minute}
}

// Drill leads a site through faults.
type Drill struct {
	Site  website.Site
	Hands Hands
	Load  Load

	Recorder *Recorder
	Ledger   *Ledger
	Watched  *Watched

	// Whole says what is missing for the site to be well.
	Whole func(ctx context.Context) error
	// Look returns what became of what was acknowledged. Everything says that nothing of
	// what was looked at before may be taken for granted.
	Look func(ctx context.Context, kept Kept, everything bool) []Check
	// Plan fails where the plan of the site is not empty. Nil where there is no Terraform.
	Plan func(ctx context.Context) error

	Faults []Fault
	Seed   uint64
	// Slow is how many times less often than usual clients make attempts. 0 is 1.
	Slow int
	// Time is how long faults are made. 0 makes each of them once.
	Time time.Duration
	Pace Pace
	// Computer is for the report.
	Computer string
	// Progress takes a line for each fault.
	Progress io.Writer
	// Save is given the report after each fault.
	Save func(Report) error
}

// errUnhealthy ends a drill, because the next faults would be made on a site that is not
// well.
var errUnhealthy = errors.New("the site is not healthy, so that no more faults are made")

// Run leads the site through its faults. The report is whole also where an error ends the
// drill early.
func (d *Drill) Run(ctx context.Context) (Report, error) {
	report := Report{Started: time.Now(), Seed: d.Seed, Site: d.Site.URL, Nodes: d.Site.All(), Computer: d.Computer}
	// The NodeBalancer has yet to check the web servers of a site that was built a moment ago.
	if _, err := d.until(ctx, d.Pace.Alone); err != nil {
		return report, fmt.Errorf("cannot begin the drill: the site is not well: %w", err)
	}
	// What the drill undoes, it also undoes where it is interrupted.
	after := context.WithoutCancel(ctx)
	if err := d.Load.Start(ctx); err != nil {
		return report, err
	}
	// The first login and the first connection take longer than those that follow.
	wait(ctx, d.Pace.Before)
	err := d.turns(ctx, &report)
	d.Load.Stop(after)
	if ctx.Err() == nil && err == nil {
		d.last(ctx, &report)
	}
	limited, cancel := context.WithTimeout(after, d.Pace.CleanUp)
	defer cancel()
	if failure := d.Load.CleanUp(limited); failure != nil {
		err = errors.Join(err, failure)
	}
	report.Ended = time.Now()
	if err != nil {
		report.Failure = err.Error()
	}
	return report, errors.Join(err, d.Save(report))
}

// turns makes one fault after the other.
func (d *Drill) turns(ctx context.Context, report *Report) error {
	made := 0
	for turn := range Schedule(d.Faults, d.Seed) {
		if d.Time == 0 && made == len(d.Faults) || d.Time > 0 && made > 0 && time.Since(report.Started) >= d.Time {
			return nil
		}
		made++
		run := d.one(ctx, turn)
		if ctx.Err() != nil {
			return fmt.Errorf("the drill was interrupted during %s: %w", turn.Fault.Name, ctx.Err())
		}
		run.Broken = turn.Fault.broken(run)
		report.Runs = append(report.Runs, run)
		d.say(made, run)
		if err := d.Save(*report); err != nil {
			return err
		}
		if run.HealthyBy == never {
			return errUnhealthy
		}
	}
	return nil
}

// broken says which promises a run of the fault has broken.
func (f Fault) broken(run Run) []string {
	if run.Skipped != "" {
		return nil
	}
	return f.Promise.broken(run)
}

// one makes one fault and waits until the site is well again.
func (d *Drill) one(ctx context.Context, turn Turn) Run {
	fault := turn.Fault
	run := Run{Fault: fault.Name, What: fault.What, Undo: fault.Undo, Slow: d.Slow, Started: time.Now(), HealthyBy: byItself}
	since := func() float64 { return time.Since(run.Started).Seconds() }
	wait(ctx, d.Pace.Before)
	victims, err := fault.victims(ctx, d.Site, turn.Pick)
	run.Victims = victims
	run.Injected = since()
	scene := Scene{Site: d.Site, Hands: d.Hands, Victims: victims}
	if err == nil && fault.Inject != nil {
		err = fault.Inject(ctx, scene)
	}
	if impossible := new(impossibleError); errors.As(err, impossible) {
		run.Skipped = impossible.Error()
		return run
	}
	if err != nil {
		run.Failure = fmt.Sprintf("cannot make the fault: %v", err)
	} else {
		wait(ctx, fault.Hold)
	}
	// What is over at once has ended when it was held; a reboot is over when it was made.
	shown := time.Now()
	ended := run.Started.Add(duration(run.Injected)).Add(fault.Hold)
	if fault.Restore != nil {
		ended, shown = time.Now(), time.Now()
		if err := d.undo(ctx, fault, scene); err != nil {
			run.Failure = fmt.Sprintf("%scannot undo the fault: %v", run.Failure, err)
		}
	}
	run.Undone = shown.Sub(run.Started).Seconds()
	well := d.recover(ctx, fault.Promise, &run)
	run.Healthy = well.Sub(run.Started).Seconds()
	run.HealthySeconds = max(0, well.Sub(ended).Seconds())
	wait(ctx, d.Pace.After)
	run.Ended = since()
	if run.HealthyBy != never && ctx.Err() == nil {
		d.check(ctx, &run, false)
	}
	// What began before the end belongs to this fault, however long it waits for an answer.
	wait(ctx, time.Until(run.Started.Add(duration(run.Ended)).Add(patience)))
	d.measure(&run)
	return run
}

// undo undoes a fault, also in a drill that was interrupted.
func (d *Drill) undo(ctx context.Context, fault Fault, scene Scene) error {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), d.Pace.Undo)
		defer cancel()
	}
	return fault.Restore(ctx, scene)
}

// recover waits until the site is well again and returns since when it is. It applies
// where it is not well in time.
func (d *Drill) recover(ctx context.Context, promise Promise, run *Run) time.Time {
	limit := promise.Health
	if promise.Apply {
		limit = d.Pace.Alone
	}
	well, err := d.until(ctx, limit)
	if err == nil {
		return well
	}
	run.Unhealthy, run.HealthyBy = shortened(err.Error()), never
	if d.Hands == nil || ctx.Err() != nil {
		return time.Now()
	}
	fmt.Fprintf(d.Progress, "drill: %s: not well after %s: %v; applying\n", run.Fault, limit, err)
	if err := d.Hands.Apply(ctx, nil); err != nil {
		run.Unhealthy += "; " + shortened(err.Error())
		return time.Now()
	}
	if well, err = d.until(ctx, d.Pace.Applied); err != nil {
		run.Unhealthy = shortened(err.Error())
		return time.Now()
	}
	run.HealthyBy = byApply
	return well
}

// until returns since when the site is well: at two looks with some time between them,
// because what has just been broken may not show yet.
func (d *Drill) until(ctx context.Context, limit time.Duration) (time.Time, error) {
	end := time.Now().Add(limit)
	var well time.Time
	for {
		looked := time.Now()
		err := d.Whole(ctx)
		switch {
		case err != nil:
			well = time.Time{}
		case well.IsZero():
			well = looked
		case looked.Sub(well) >= 2*d.Pace.Poll:
			return well, nil
		}
		if err == nil {
			err = ctx.Err()
		} else if time.Now().After(end) {
			return time.Time{}, err
		}
		if ctx.Err() != nil {
			return time.Time{}, err
		}
		wait(ctx, d.Pace.Poll)
	}
}

// measure fills in what the clients and the nodes went through.
func (d *Drill) measure(run *Run) {
	from, to := run.Started, run.Started.Add(duration(run.Ended))
	injected := from.Add(duration(run.Injected))
	for _, client := range d.Recorder.Clients() {
		attempts := d.Recorder.Between(client, from, to)
		measured := ClientRun{
			Client: client, Hit: client.Node != "" && slices.Contains(run.Victims, client.Node),
			Attempts: len(attempts), Failed: Failed(attempts), LongestGap: LongestGap(attempts, from, to).Seconds(),
			OK: make([]int, int(run.Ended)+1), Bad: make([]int, int(run.Ended)+1),
		}
		for _, attempt := range attempts {
			second := min(int(attempt.End.Sub(from).Seconds()), len(measured.OK)-1)
			if attempt.OK() {
				measured.OK[second]++
				continue
			}
			measured.Bad[second]++
			if attempt.End.Before(injected) {
				measured.FailedBefore++
			}
			if len(measured.Failures) < mostFailures {
				measured.Failures = append(measured.Failures, fmt.Sprintf("%.1f s: %s", attempt.End.Sub(from).Seconds(), attempt.Failure))
			}
		}
		run.Clients = append(run.Clients, measured)
	}
	run.Shared = d.Watched.Shared(d.Site.Nodes[website.Databases], from, to).Seconds()
	for _, node := range d.Site.All() {
		run.Nodes = append(run.Nodes, NodeRun{node, d.Watched.Spans(node, from, to)})
	}
}

// mostFailures bounds what is kept of the failures of a client in a run.
const mostFailures = 5

// check looks at the tiers, at what was acknowledged, and at the plan.
func (d *Drill) check(ctx context.Context, run *Run, everything bool) {
	tiers := Check{Name: "tiers", OK: true, Detail: "every node serves, one database has the address, nothing is left to be healed"}
	if err := d.Whole(ctx); err != nil {
		tiers.OK, tiers.Detail = false, err.Error()
	}
	run.Checks = append(run.Checks, tiers)
	run.Checks = append(run.Checks, d.Look(ctx, d.Ledger.Kept(), everything)...)
	if d.Plan != nil {
		check := Check{Name: "plan", OK: true, Detail: "empty"}
		if err := d.Plan(ctx); err != nil {
			check.OK, check.Detail = false, err.Error()
		}
		run.Checks = append(run.Checks, check)
	}
	for _, check := range run.Checks {
		run.Lost += check.lost
	}
}

// last looks at everything once more, when nothing is written any longer.
func (d *Drill) last(ctx context.Context, report *Report) {
	run := Run{Fault: "end", What: "everything that was acknowledged, once more", Started: time.Now(), HealthyBy: byItself}
	d.check(ctx, &run, true)
	run.Ended = time.Since(run.Started).Seconds()
	run.Broken = Promise{}.broken(run)
	report.Runs = append(report.Runs, run)
	d.say(len(report.Runs), run)
}
