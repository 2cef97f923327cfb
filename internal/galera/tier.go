package galera

import (
	"context"
	"embed"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
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

	concern = tier.Concern[Spec, NodeStatus, *draft]
)

// concerns are all that this tier looks after. They are planned in this order, and
// each may use what those before it have read.
func concerns() []concern {
	return []concern{
		{Name: "machine", Read: readMachine, Refuse: refuseUnsupported},
		{Name: "drain", Ask: askDrain, Read: readDrain, Plan: planReturns},
		{Name: "maintenance", Ask: askMaintenance, Read: readMaintenance, Refuse: refuseMaintenanceOfNothing, Plan: planMaintenance},
		{Name: "mount", Ask: askMount, Read: readMount},
		{Name: "data", Ask: askData, Read: readData},
		{Name: "server", Ask: askServer, Read: readServer},
		{Name: "identity", Ask: askIdentity, Read: readIdentity, Refuse: refuseOthers, Plan: planIdentity},
		{Name: "disk", Ask: askDisk, Read: readDisk, Plan: planDisk},
		{Name: "release", Ask: askRelease, Read: readRelease, Refuse: refuseRelease, Plan: planRelease},
		{Name: "packages", Ask: askPackages, Read: readPackages, Plan: planPackages},
		{Name: "versions", Refuse: refuseUndeclaredSeries},
		{Name: "firewall", Ask: askFirewall, Read: readFirewall, Plan: planFirewall},
		{Name: "guard", Ask: askGuard, Read: readGuard, Plan: planGuard},
		{Name: "hold", Read: readHold, Plan: planHold},
		{Name: "units", Ask: askUnits, Plan: planUnits},
		{Name: "sizing", Ask: askSizing, Read: readSizing},
		// A machine that boots between the two has a server that knows whom to join.
		{Name: "members", Ask: askMembers, Plan: planMembers},
		{Name: "config", Ask: askConfig, Read: readConfig, Plan: planConfig},
		{Name: "service", Ask: askService, Read: readService, Plan: planService},
		{Name: "restart", Ask: askRestart, Plan: planRestart},
		{Name: "transfer", Ask: askTransfers, Read: readTransfers},
		{Name: "recover", Ask: askPosition, Read: readPosition},
		{Name: "arbitrator", Ask: askArbitrator, Read: readArbitrator, Refuse: refuseAnotherRole, Plan: planArbitrator},
		{Name: "upgrade", Plan: planUpgrade},
		{Name: "os", Ask: askOS, Read: readOS, Refuse: refuseShared, Plan: planOS},
		{Name: "departure", Ask: askDeparture, Read: readDeparture, Plan: planDeparture},
		{Name: "leave", Plan: planLeave},
		{Name: "recovery", Ask: askRecovery, Read: readRecovery, Refuse: refuseLeftBehind},
		{Name: "membership", Refuse: refuseSplit, Plan: planMembership},
		{Name: "roll", Plan: planRoll},
		{Name: "check", Plan: planCheck},
		{Name: "databases", Ask: askDatabases, Read: readDatabases, Plan: planDatabases},
		{Name: "passwords", Ask: askPasswords, Read: readPasswords, Plan: planPasswords},
		{Name: "accounts", Ask: askAccounts, Read: readAccounts, Plan: planAccounts},
		{Name: "contents", Plan: planContents},
		{Name: "lists", Plan: planLists},
	}
}

// Cluster is a Galera cluster on its machines.
type Cluster = tier.Cluster[Status, host.Hosts]

// Open returns the cluster of a spec, whose defaults it fills in. It contacts no
// machine.
func Open(hosts host.Hosts, spec Spec) *Cluster {
	spec = spec.Defaulted()
	views := hosts.Views()
	return tier.New(tier.Definition[Status, host.Hosts]{
		Target:      hosts,
		Observe:     func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable: Status.Unreachable,
		// With a history that is known, machines without data have lost it or not
		// mounted it yet: a cluster in its place would be an empty one.
		Absent:    func(seen Status) bool { return spec.UUID == "" && seen.Absent() },
		Diff:      func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:    func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:    func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe), nil },
		Notices:   func(seen Status) []string { return Notices(spec, seen) },
		Foresee:   func(seen Status) tier.Foresight { return foresee(spec, seen) },
		Assume:    assume,
		Unasked:   func(seen Status) []string { return spec.OS.Unasked(seen.systems()) },
		Health:    func(seen Status) tier.Health { return HealthOf(spec, seen, time.Now()) },
		Departing: func(seen Status) []string { return seen.departing(spec) },
		Alone:     Status.alone,
		LeftOver:  "its files, its restart where they changed, and what the others have replicated meanwhile",
	})
}

// Observe looks at every node at the same time, with one command each. Where the
// members see different components it looks again for a moment: a node may have
// come or gone between two answers.
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	status := look(ctx, views, spec)
	if status.split() != "" {
		_ = reconcile.WaitAtMost(ctx, agreeTime, "the nodes to see one Primary component", time.Second, func(context.Context) (string, error) {
			status = look(ctx, views, spec)
			return status.split(), nil
		})
	}
	return status
}

// agreeTime is how long a change of membership may look like two components.
const agreeTime = 4 * time.Second

func look(ctx context.Context, views host.Views, spec Spec) Status {
	return Status{Nodes: tier.Look(ctx, concerns(), views, spec, noteSilent)}.byRole(spec)
}

// Diff compares what is wanted with what was observed. It is pure, and an error
// is a refusal: nothing was or will be done.
func Diff(spec Spec, status Status) (Plan, error) {
	d, err := walked(newDraft(spec, status))
	// Whoever has yet to leave keeps its connections. It is let in no more once nobody has to
	// join beside it.
	if err == nil && len(d.spec.Departing) > 0 && d.membership.Empty() && d.putBack.Empty() && d.roll.Empty() {
		d = newDraft(spec, status)
		d.spec.Departing = nil
		d, err = walked(d)
	}
	if err != nil && !errors.Is(err, errDevicesFirst) {
		return Plan{}, err
	}
	plan := d.stages.Plan()
	// What can be done is done all the same, and before the refusal.
	if d.refused != nil && plan.Empty() && !d.devices.pending() {
		return Plan{}, d.refused
	}
	return d.devices.finish(plan)
}

func walked(d *draft) (*draft, error) { return d, tier.Walk(concerns(), d) }

// Notices are what a user should know and no plan can change.
func Notices(spec Spec, status Status) []string {
	left, going := leftNotices(spec, status), departureNotices(spec, status)
	spec, status = present(spec, status)
	return slices.Concat(left, going,
		versionNotices(spec, status), upgradeNotices(spec, status), effectiveNotices(spec, status), grantNotices(spec, status), hindranceNotices(status), recoveryNotices(status), maintenanceNotices(status), spec.OS.Notices(status.systems(), status.maintained()))
}

// draft is a plan that the concerns are making.
type draft struct {
	// spec is what is declared, with the identity that the markers know.
	spec   Spec
	engine engine
	// seen is all that was observed of the cluster, and status the same without the
	// nodes whose data is not where it belongs: what they have now is not what they
	// have. Both have machines that leave, and declared is status without these.
	seen, status, declared Status
	// defaults are by node the settings that follow from its machine.
	defaults map[string][]derived
	// word is what the user says of the recovery, while it is to be acted on.
	word *Recovery
	// leftBehind are nodes whose data a word gave up, and undecided those with data that
	// the cluster does not go on with and that no word names.
	leftBehind, undecided []string
	// apart are nodes whose data a word gave up and that may come back with it.
	apart []string
	// strayed are machines that leave with data of either kind, and stray is one of them
	// whose data no word names; empty if there is none.
	strayed []string
	stray   string
	// devices is what is to be done about the devices of nodes.
	devices disks
	// unmounted is why nodes without their data were left out of status.
	unmounted error
	// asIs leaves the nodes with the releases that they have.
	asIs bool
	// refused is the first refusal that does not keep the rest from being done.
	refused error

	// changes are those of databases and accounts.
	changes changes

	stages                                                         tier.Stages[host.Hosts]
	returns, prepare, install, filters, membership, roll, contents *tier.Stage[host.Hosts]
	// putBack and takeOut begin and end the maintenance of nodes.
	putBack, takeOut *tier.Stage[host.Hosts]
	// lists comes after everything else.
	lists *tier.Stage[host.Hosts]
}

func newDraft(spec Spec, status Status) *draft {
	d := &draft{spec: spec, engine: spec.engine(), seen: complete(status, spec.names())}
	d.word = wordInForce(spec, d.seen)
	d.decideData()
	d.apart = d.keptApart()
	d.spec.UUID = knownUUID(spec.UUID, d.seen.without(d.leftBehind))
	d.spec, d.seen = present(d.spec, d.seen)
	d.status, d.devices = withoutDevices(spec, withoutStopped(spec, d.seen))
	d.status, d.unmounted = withoutMounts(d.spec, d.status)
	d.status = withoutLeftBehind(d.status, slices.Concat(d.leftBehind, d.strayed))
	d.declared = d.status.only(spec.names())
	d.defaults = defaultsByNode(spec, d.status)
	d.changes = changesOf(spec, d.declared)

	d.returns = d.stages.Add("return to service")
	d.prepare = d.stages.Add("prepare")
	d.install = d.stages.Add("install on members")
	d.filters = d.stages.Add("load the packet filters of members")
	d.membership = d.stages.Add("membership")
	d.putBack = d.stages.Add("put back into service")
	d.roll = d.stages.Add("rolling change")
	d.contents = d.stages.Add("contents")
	d.takeOut = d.stages.Add("take out of service")
	d.lists = d.stages.AddLast("refresh the lists of packages")
	for node := range d.answering() {
		d.prepare.On(node.Name) // lanes in the order of the nodes
	}
	return d
}

// answering are the nodes that answered, have their data and are not to be stopped, in
// order.
func (d *draft) answering() iter.Seq2[host.Node, NodeStatus] {
	return func(yield func(host.Node, NodeStatus) bool) {
		for _, node := range d.spec.Nodes {
			seen := d.status.Nodes[node.Name]
			if seen.Err == nil && !d.spec.stopped(node.Name) && !yield(node, seen) {
				return
			}
		}
	}
}

// refuse notes a refusal that keeps nothing else from being planned.
func (d *draft) refuse(err error) {
	if d.refused == nil {
		d.refused = err
	}
}

// errNotAsked is what is known of a configured node that nobody looked at.
var errNotAsked = errors.New("the node was not asked")

// complete returns the status with every configured node in it: one that was not
// asked is not absent.
func complete(status Status, names []string) Status {
	nodes := map[string]NodeStatus{}
	maps.Copy(nodes, status.Nodes)
	for _, name := range names {
		if _, found := status.machine(name); !found {
			nodes[name] = NodeStatus{Err: errNotAsked}
		}
	}
	return status.with(nodes)
}
