package gluster

import (
	"context"
	"embed"
	"fmt"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

//go:embed scripts/*.sh
var scripts embed.FS

type (
	// Plan is a plan over machines.
	Plan = reconcile.Plan[host.Hosts]
	// Step is a step of such a plan.
	Step = reconcile.Step[host.Hosts]
	// Lane is a sequence of such steps.
	Lane = reconcile.Lane[host.Hosts]

	concern = tier.Concern[inquiry, Node, *draft]
)

// concerns returns what a volume is made of, in the order in which it is looked
// after: what each machine needs for itself, the pool, the volume on it, and last the
// machines that are taken out of service or into it again.
func concerns() []concern {
	return []concern{
		{Name: "identity", Ask: askIdentity, Read: readIdentity, Refuse: refuseIdentity, Plan: planMarker},
		{Name: "disk", Ask: askDisk, Read: readDisk, Plan: planDisks},
		{Name: "restart", Ask: askRestart, Plan: planRestart},
		{Name: "packages", Ask: askPackages, Read: readPackages, Refuse: refuseSystem, Plan: planPackages},
		{Name: "config", Ask: askConfig, Read: readConfig, Plan: planConfig},
		{Name: "units", Ask: askUnits, Read: readUnits, Plan: planUnits},
		{Name: "firewall", Ask: askFilters, Read: readFilters, Plan: planFilters},
		{Name: "bricks", Ask: askBricks, Read: readBricks, Refuse: refuseBricks, Plan: planBricks},
		{Name: "os", Ask: askOS, Read: readOS, Plan: planOS},
		{Name: "daemon", Ask: askDaemon, Read: readDaemon, Plan: planDaemon},
		{Name: "pool", Ask: askPool, Read: readPool, Refuse: refusePool, Plan: planPool},
		{Name: "volume", Ask: askVolume, Read: readVolume, Refuse: refuseVolume, Plan: planVolume},
		{Name: "processes", Ask: askProcesses, Read: readProcesses, Plan: planProcesses},
		{Name: "clients", Ask: askClients, Read: readClients},
		{Name: "options", Refuse: refuseOptions, Plan: planOptions},
		{Name: "start", Plan: planStart},
		{Name: "heal", Ask: askHeal, Read: readHeal},
		{Name: "splitbrain", Ask: askDecision, Read: readDecision, Plan: planDecision},
		{Name: "roll", Plan: planRoll},
		{Name: "rejoin", Refuse: refuseRebuilt, Plan: planRejoin},
		{Name: "remake", Refuse: refuseLost, Plan: planRemake},
		{Name: "maintenance", Ask: askMaintenance, Read: readMaintenance, Refuse: refuseMaintenanceOfNothing, Plan: planMaintenance},
		{Name: "join", Refuse: refuseGuests, Plan: planGuests},
		{Name: "gone", Plan: planDetachDead},
		{Name: "task", Ask: askTask, Read: readTask},
		{Name: "change", Plan: planChange},
		{Name: "release", Ask: askRelease, Read: readRelease, Refuse: refuseRelease, Plan: planRelease},
		{Name: "lists", Plan: planLists},
	}
}

// stages are those of a plan, in the order in which they are carried out.
type stages struct {
	tier.Stages[host.Hosts]
	prepare, pool, clean, volume, decide, restart, rejoin, brick, putBack, takeOut, change, closing, devices, lists *tier.Stage[host.Hosts]
}

func newStages() *stages {
	s := &stages{}
	s.prepare = s.Add("prepare")
	s.pool = s.Add("pool")
	s.clean = s.Add("clean")
	s.volume = s.Add("volume")
	s.decide = s.Add("split brain")
	s.restart = s.Add("restart")
	s.rejoin = s.Add("rejoin")
	s.brick = s.Add("brick")
	s.putBack = s.Add("put back into service")
	s.takeOut = s.Add("take out of service")
	s.change = s.Add("change")
	s.closing = s.Add("close")
	s.devices = s.Add("data devices")
	s.lists = s.AddLast("refresh the lists of packages")
	return s
}

// Cluster is a volume on its machines.
type Cluster = tier.Cluster[Status, host.Hosts]

// Open returns the volume of a spec. It contacts no machine.
func Open(hosts host.Hosts, spec Spec) *Cluster {
	spec = spec.Defaulted()
	views := hosts.Views()
	return tier.New(tier.Definition[Status, host.Hosts]{
		Target:      hosts,
		Observe:     func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable: Status.errors,
		Absent:      func(seen Status) bool { return seen.absent(spec) },
		Diff:        func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:      func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:      func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe) },
		Notices:     func(seen Status) []string { return Notices(spec, seen) },
		Foresee:     func(seen Status) tier.Foresight { return foresee(spec, seen) },
		Assume:      assume,
		Unasked: func(seen Status) []string {
			return slices.Concat(spec.OS.Unasked(seen.systems()), spec.unaskedRelease(seen))
		},
		Health:           func(seen Status) tier.Health { return HealthOf(spec, seen) },
		RefusalIsNoDrift: true,
	})
}

// inquiry is a volume with the machines that are asked what a client of it sees.
type inquiry struct {
	Spec
	asClient func(node string) bool
}

// Observe looks at the volume on every machine, with one command each. With
// only a name in spec, as on import, the brick's path is taken from the volume.
//
// "volume status" is not asked for: it takes the volume's lock in the whole pool,
// so that machines asked at the same time get in each other's way, and leaves out
// the bricks of lost peers. Each machine sees its own processes, and the heal
// information is a real client's view of all bricks. To become a client is the
// dearest of all questions, so a plan asks the first machine only, and another one
// where that cannot tell; [Verify] asks every one.
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	first := ""
	if asked := spec.mayBeAsked(); len(asked) > 0 {
		first = asked[0]
	}
	status := look(ctx, views, spec, func(name string) bool { return name == first })
	if seen := status.Nodes[first]; !seen.canAsk(spec.Name) || seen.HealErr != nil && !seen.counting() {
		askAnyClient(ctx, views, spec, status)
	}
	askCopies(ctx, views, status)
	return status
}

func look(ctx context.Context, views host.Views, spec Spec, asClient func(name string) bool) Status {
	return Status{Nodes: tier.Look(ctx, concerns(), views, inquiry{Spec: spec, asClient: asClient}, noteSilent)}
}

// lookAt is [look] for one machine, which is not asked as a client.
func lookAt(ctx context.Context, view host.View, spec Spec) (Node, error) {
	node := look(ctx, host.Views{view.Name(): view}, spec.withoutPackages(), noNode).Nodes[view.Name()]
	return node, node.Err
}

// withoutPackages is for looks that are repeated: nothing that is waited for depends on the
// updates and releases there are, and to ask for them costs half a second and the lock of the
// volume.
func (s Spec) withoutPackages() Spec {
	s.OS, s.Release = tier.OS{}, ""
	return s
}

func everyNode(string) bool { return true }

func noNode(string) bool { return false }

// Diff plans the way from what was observed to what is wanted, or refuses. It
// plans what this observation is enough for: software first, then pool and
// volume once every glusterd answers. What only a person can cure is in no plan and
// no refusal unless something that is to be done needs it; [Notices] tells of it.
func Diff(spec Spec, status Status) (Plan, error) {
	d := newDraft(spec, status)
	if !d.exists {
		if plan, err := d.devicesFirst(); err != nil || !plan.Empty() {
			return plan, err
		}
	}
	d.setAside()
	if err := tier.Walk(concerns(), d); err != nil {
		if mounts := d.devicesAlone(); !mounts.Empty() {
			return mounts, nil
		}
		return Plan{}, err
	}
	plan := d.stages.Plan()
	plan.Outstanding = d.outstanding()
	if !plan.Empty() {
		return plan, nil
	}
	if err := d.refusedForNow(); err != nil {
		return Plan{}, err
	}
	return plan, nil
}

// refusedForNow is why something cannot be done yet that is to be done. It is told where
// nothing else can be.
func (d *draft) refusedForNow() error {
	return firstOf(d.decisionWaits, d.refuseLeftAlone, d.waits, d.refuseUpdates)
}

// Notices says in a sentence each what the user should know and no plan changes.
func Notices(spec Spec, status Status) []string {
	d := newDraft(spec, status)
	d.setAside()
	notices := d.sickNotices()
	if d.exists {
		notices = slices.Concat(notices, d.connectionNotices(), d.decisionNotices(), d.asideNotices())
	}
	notices = append(append(notices, status.Healing(spec.Name)...), d.optionNotices()...)
	return slices.Concat(notices, d.filterNotices(), spec.clientNotices(status), maintenanceNotices(status), spec.OS.Notices(status.systems(), status.maintained()), d.releaseNotices())
}

// draft is a plan that is being made, with what the concerns know.
type draft struct {
	// declared is the volume as it is wanted, and spec the same with the nodes whose
	// bricks it has now; change is what lies between the two.
	declared, spec Spec
	change         transition
	status         Status
	volume         Volume
	// exists says that the volume's definition was seen, and absent that it is in
	// no pool and on no disk. Neither holds while every glusterd is stopped.
	exists, absent bool
	// reached are the spec's nodes that answered, and are neither sick nor stopped for
	// maintenance.
	reached []host.Node
	// guests are machines that answered and are to have a brick of a volume that exists.
	guests []host.Node
	// sick are machines that answer and cannot serve their bricks. Those that are bare
	// have a directory in the place of the brick, which GlusterFS would take for the
	// brick if the volume was started by force.
	sick []sick
	bare []host.Node
	// rejected is the node that all others reject as a peer; empty for none.
	rejected string
	stages   *stages
}

func newDraft(spec Spec, status Status) *draft {
	spec = spec.admitting(status)
	d := &draft{declared: spec, spec: spec, status: status, stages: newStages()}
	d.rejected = status.rejectedNode(spec.Nodes)
	d.volume, d.exists = status.volumeOf(spec, d.rejected)
	d.absent = !status.defined(spec.Name)
	d.change = transition{now: spec}
	if d.exists {
		d.change = spec.transition(d.volume)
		d.spec = d.change.now
	}
	for _, node := range d.spec.Nodes {
		seen, found := status.Nodes[node.Name]
		if found && seen.Err == nil && !spec.stands(node.Name, seen) && (seen.answers() || !d.swapped(node)) {
			d.reached = append(d.reached, node)
		}
	}
	for _, node := range d.spec.guests {
		if seen, found := status.Nodes[node.Name]; found && seen.Err == nil {
			d.guests = append(d.guests, node)
		}
	}
	return d
}

// seen returns a node as it was seen.
func (d *draft) seen(node host.Node) Node { return d.status.Nodes[node.Name] }

// missing returns the nodes that did not answer, or are sick.
func (d *draft) missing() []string {
	return names(slices.DeleteFunc(slices.Clone(d.spec.Nodes), func(node host.Node) bool { return slices.Contains(d.reached, node) }))
}

// allAnswer reports whether glusterd answers on every machine that does.
func (d *draft) allAnswer() bool {
	return !slices.ContainsFunc(d.reached, func(node host.Node) bool { return !d.seen(node).answers() })
}

// building reports whether pool and volume can be made, and changing whether there is
// a volume that can be changed.
func (d *draft) building() bool { return !d.exists && d.allAnswer() && len(d.missing()) == 0 }

func (d *draft) changing() bool { return d.exists && d.allAnswer() }

// waits is work that has to wait for machines. It is only worth an error if nothing
// else can be done.
func (d *draft) waits() *reconcile.RefusedError {
	if refused := d.changeWaits(); refused != nil {
		return refused
	}
	return d.rollWaits()
}

// preparing are the machines whose own things are brought in place. One that is
// outside of its pool is among them if it is to be taken in again.
func (d *draft) preparing() []host.Node {
	nodes := append(slices.Clone(d.reached), d.guests...)
	for _, ill := range d.sick {
		if ill.refused == nil || !ill.outside {
			nodes = append(nodes, ill.node)
		}
	}
	return nodes
}

// prepare adds a step that is for one machine alone, beside those for the others.
func (d *draft) prepare(node host.Node, title, why string, do act) {
	d.stages.prepare.On(node.Name, Step{Node: node.Name, Title: title, Why: why, Do: do})
}

// absentees says of each machine that is not among those present why.
func (d *draft) absentees(present []host.Node) []string {
	var evidence []string
	for _, node := range d.spec.Nodes {
		if slices.Contains(present, node) {
			continue
		}
		why := node.Name + " does not answer"
		if d.spec.stands(node.Name, d.seen(node)) {
			why = node.Name + " is stopped for maintenance"
		}
		for _, sick := range d.sick {
			if sick.node == node {
				why = node.Name + ": " + sick.why
			}
		}
		evidence = append(evidence, why)
	}
	return evidence
}

// firstOf returns the first refusal of several checks.
func firstOf(checks ...func() *reconcile.RefusedError) error {
	for _, check := range checks {
		if refused := check(); refused != nil {
			return refused
		}
	}
	return nil
}

// act is what a step does.
type act = func(ctx context.Context, hosts host.Hosts) error

func writeFile(node string, file host.File) act {
	return func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, file) }
}

func run(node, what string, command shell.Command) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		if _, err := hosts[node].Run(ctx, command); err != nil {
			return fmt.Errorf("cannot %s on %s: %w", what, node, err)
		}
		return nil
	}
}
