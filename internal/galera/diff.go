package galera

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

type (
	// Plan is a plan over machines.
	Plan = reconcile.Plan[host.Hosts]
	// Step is a step of such a plan.
	Step = reconcile.Step[host.Hosts]
	// Lane is a sequence of such steps.
	Lane = reconcile.Lane[host.Hosts]
)

// Diff compares what is wanted with what was observed. It is pure, and an error
// is a refusal: nothing was or will be done.
func Diff(spec Spec, status Status) (Plan, error) {
	var plan Plan
	status = spec.complete(status)
	spec, err := spec.identified(status)
	if err != nil {
		return plan, err
	}
	if err := spec.refuse(status); err != nil {
		return plan, err
	}
	status, devices := spec.withoutDisks(status)
	status, unmounted := spec.withoutUnmounted(status)
	spec = spec.sized(status)
	plan.Serial("return to service", spec.returns(status)...)
	plan.Parallel("prepare", spec.prepare(status)...)
	plan.Serial("install on members", spec.installs(status)...)
	plan.Parallel("load the packet filters of members", spec.lateFilters(status)...)
	membership, err := spec.membership(status)
	if err != nil && devices.pending() {
		return devices.finish(plan)
	}
	if unmounted != nil && (err != nil || plan.Empty() && len(membership) == 0) {
		return Plan{}, unmounted
	}
	if err != nil {
		return Plan{}, err
	}
	plan.Serial("membership", membership...)
	restarts, refused := spec.restarts(status, len(membership) > 0)
	plan.Serial("rolling restart", restarts...)
	contents, err := spec.contents(status)
	plan.Serial("contents", contents...)
	// What needs no restart is done all the same, and before the refusal.
	if refused == nil {
		refused = err
	}
	if refused != nil && plan.Empty() && !devices.pending() {
		return Plan{}, refused
	}
	return devices.finish(plan)
}

// errNotAsked is what is known of a configured node that nobody looked at.
var errNotAsked = errors.New("the node was not asked")

// complete returns the status with every configured node in it: one that was not
// asked is not absent.
func (s Spec) complete(status Status) Status {
	nodes := maps.Clone(status.Nodes)
	for _, node := range s.Nodes {
		if _, found := nodes[node.Name]; !found {
			if nodes == nil {
				nodes = map[string]NodeStatus{}
			}
			nodes[node.Name] = NodeStatus{Err: errNotAsked}
		}
	}
	return Status{Nodes: nodes}
}

// refuse looks for data that is not ours and for more than one history.
func (s Spec) refuse(status Status) error {
	for _, name := range status.names() {
		node := status.Nodes[name]
		if node.Err != nil {
			continue
		}
		if err := node.Facts.Supported(name); err != nil {
			return err
		}
		if foreign := s.foreign(node); len(foreign) > 0 && !s.holdsOurData(name, node) {
			return &reconcile.RefusedError{
				What: "use the data directory " + dataDirectory, Node: name, Evidence: foreign,
				Remedy: "This release takes over no cluster that it has not built. To build a new one, move the directory away on the node.",
			}
		}
	}
	if uuids := status.UUIDs(); len(uuids) > 1 {
		return &reconcile.RefusedError{
			What: "change a cluster with two histories", Evidence: status.table(),
			Remedy: "Decide which history is the right one. " + takeTheOthers,
		}
	} else if len(uuids) == 1 && s.UUID != "" && uuids[0] != s.UUID {
		return &reconcile.RefusedError{
			What: "change a cluster with another history", Evidence: append(status.table(), "the cluster had the UUID "+s.UUID),
			Remedy: "Put the data directories back. If somebody built the cluster anew on purpose, write its UUID into " + s.marker().Path + " on every node, remove the resource from Terraform's state and apply again, which takes it over by its markers.",
		}
	}
	if split := status.split(); split != "" {
		return &reconcile.RefusedError{
			What: "change a cluster that has fallen apart", Evidence: append([]string{split}, status.table()...),
			Remedy: "Each part may have data that the other does not have. Decide which one goes on. " + takeTheOthers,
		}
	}
	return nil
}

// foreign lists what makes a node's data somebody else's; nothing if it is ours.
func (s Spec) foreign(node NodeStatus) []string {
	if node.Ours || s.Adopt {
		return nil
	}
	uuid := node.Saved.UUID
	if node.primary() {
		uuid = node.Wsrep.UUID
	}
	if s.UUID != "" && uuid == s.UUID {
		return nil
	}
	var evidence []string
	if node.Saved.HasData() {
		evidence = append(evidence, "it belongs to a cluster with UUID "+node.Saved.UUID)
	}
	for _, schema := range node.Schemas {
		evidence = append(evidence, "it holds the database "+schema)
	}
	// A server with another data directory shows its databases only itself.
	for _, schema := range sortedKeys(node.Databases) {
		if !engineDirectory(schema) && !slices.Contains(node.Schemas, schema) {
			evidence = append(evidence, "its server has the database "+schema)
		}
	}
	if len(evidence) > 0 {
		evidence = append(evidence, "there is no marker of this cluster at "+s.marker().Path)
	}
	return evidence
}

// prepare puts software and files in place, on all nodes at the same time.
func (s Spec) prepare(status Status) []Lane {
	var lanes []Lane
	for _, node := range s.nodes() {
		if seen := status.Nodes[node.Name]; seen.Err == nil {
			lanes = append(lanes, s.prepareNode(node, seen, s.history(status)))
		}
	}
	return lanes
}

func (s Spec) prepareNode(node host.Node, seen NodeStatus, uuid string) Lane {
	engine := s.engine()
	var lane Lane
	// The marker comes first, so that a run that breaks off can be resumed.
	lane = append(lane, s.markerStep(node.Name, seen, uuid)...)
	lane = append(lane, s.diskSteps(node.Name, seen)...)
	missing := missingPackages(s.packages(), seen.Packages)
	if len(missing) > 0 && !seen.running() {
		lane = append(lane, stepInstall(node.Name, engine, missing))
	}
	if !s.filterWaits(seen) {
		lane = append(lane, s.filterSteps(node.Name, seen)...)
	}
	lane = append(lane, s.guardSteps(node, seen)...)
	if unheld := host.ToHold(engine.held(), seen.Unheld, seen.Packages); len(unheld) > 0 && (len(missing) == 0 || !seen.running()) {
		lane = append(lane, s.stepHold(node.Name, unheld, host.WhyHold(unheld, seen.Packages)))
	}
	lane = append(lane, s.unitSteps(node.Name, seen)...)
	config := s.configFile(node)
	// A member gets its file right before its restart: one that keeps a server from
	// starting must not lie on all nodes before the first has proved it.
	if difference := s.whyConfig(config, node.Name, seen); difference != "" && (!seen.primary() || !seen.running()) {
		lane = append(lane, stepWriteConfig(node.Name, engine, config, difference))
	}
	switch {
	// Early in the boot systemd does not answer yet; that says nothing of the unit.
	case seen.Unit.Enabled(), seen.Unit.Load == "":
	case len(missing) == 0 && seen.Unit.Load == "masked":
		lane = append(lane, stepEnable(node.Name, engine, engine.unit+" is masked"))
	case len(missing) == 0:
		lane = append(lane, stepEnable(node.Name, engine, engine.unit+" does not start at boot"))
	default:
		// Debian does not enable a unit that was masked while its package came.
		lane = append(lane, stepEnable(node.Name, engine, ""))
	}
	return lane
}

// unitSteps puts the drop-ins in place.
func (s Spec) unitSteps(node string, seen NodeStatus) []Step {
	var steps []Step
	for _, dropIn := range s.dropIns() {
		if difference := dropIn.Difference(seen.Files[dropIn.Path]); difference != "" {
			steps = append(steps, stepWriteUnitFile(node, dropIn, difference))
		}
	}
	if len(steps) == 0 && (seen.Unit.NeedsDaemonReload || seen.Bootstrap.NeedsDaemonReload) {
		steps = append(steps, stepReloadSystemd(node, s.Flavor.engine()))
	}
	return steps
}

// installs completes the software of running servers, one after the other: a
// package may bring another version of the server with it, which stops it.
func (s Spec) installs(status Status) []Step {
	engine := s.engine()
	var steps []Step
	for _, node := range s.nodes() {
		seen := status.Nodes[node.Name]
		if missing := missingPackages(s.packages(), seen.Packages); seen.Err == nil && seen.running() && len(missing) > 0 {
			steps = append(steps, s.stepInstallOnMember(node.Name, engine, missing, seen))
		}
	}
	return steps
}

func missingPackages(wanted []string, installed map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(p string) bool { return installed[p] != "" })
}

// joins brings in every node that answers and is no member, in order.
func (s Spec) joins(status Status, members []string) []Step {
	engine := s.engine()
	var steps []Step
	for _, node := range s.nodes() {
		seen := status.Nodes[node.Name]
		switch {
		case seen.Err != nil || seen.Healthy() || status.backedUp(node.Name):
		case seen.primary():
			steps = append(steps, s.stepAwait(node.Name, seen.whyNotMember(engine)))
		case !slices.Contains(members, node.Name):
			steps = append(steps, s.stepJoin(node.Name, engine, seen.whyNotMember(engine)))
		}
	}
	if engine.bootstrapUnit != "" && len(status.Members()) == len(s.Nodes) {
		for _, name := range status.where(func(n NodeStatus) bool { return n.Bootstrap.Running() }) {
			steps = append(steps, s.stepHandBack(name, engine))
		}
	}
	return steps
}

func (n NodeStatus) whyNotMember(engine engine) string {
	unit := engine.service()
	if n.Bootstrap.Running() {
		unit = strings.TrimSuffix(engine.bootstrapUnit, ".service")
	}
	switch {
	case n.FailedTransfers >= mostTransfers && !n.running():
		return fmt.Sprintf("%s was given up after %d state transfers that failed one after the other", unit, n.FailedTransfers)
	case n.virgin():
		return unit + " is not a member yet"
	case n.Wsrep.Answers && !n.Wsrep.On:
		return unit + " runs outside the cluster"
	case n.Wsrep.Answers:
		return fmt.Sprintf("%s is %s (%s), not Synced", unit, n.Wsrep.Comment, n.Wsrep.Cluster)
	case n.running():
		return unit + " runs and does not answer"
	case n.Unit.Active == "activating":
		return unit + " is starting"
	case n.Unit.Active == "failed":
		return unit + " has failed"
	}
	return unit + " is stopped"
}

// restarts restarts nodes that run with an older configuration than the one in
// their file, the holder of a floating IP last. Nodes that are no members and
// answer are repaired before, if anything is.
func (s Spec) restarts(status Status, repaired bool) ([]Step, error) {
	engine := s.engine()
	var stale, holders []string
	why, changed := map[string]string{}, map[string]*host.File{}
	for _, node := range s.nodes() {
		seen := status.Nodes[node.Name]
		if !seen.primary() || !s.runsStale(node, seen) {
			continue
		}
		config := s.configFile(node)
		changed[node.Name] = &config
		if why[node.Name] = s.whyConfig(config, node.Name, seen); why[node.Name] == "" {
			changed[node.Name] = nil
			why[node.Name] = engine.service() + " started before " + path.Base(config.Path) + " was last changed"
		}
		if len(seen.Holds) > 0 {
			holders = append(holders, node.Name)
		} else {
			stale = append(stale, node.Name)
		}
	}
	stale = append(stale, holders...)
	if len(stale) == 0 {
		return nil, nil
	}
	if err := s.refuseRestarts(status, stale, repaired); err != nil {
		return nil, err
	}
	var steps []Step
	for _, name := range stale {
		steps = append(steps, s.stepRestart(name, why[name], changed[name], status.where(NodeStatus.answers)))
	}
	return steps, nil
}

// refuseRestarts wants every node that answers to be well, and a quorum of all to
// serve while one of them restarts.
func (s Spec) refuseRestarts(status Status, stale []string, repaired bool) error {
	sick := status.where(func(n NodeStatus) bool { return n.Err == nil && !n.Healthy() && !repaired })
	silent := status.where(func(n NodeStatus) bool { return n.Err != nil })
	if len(sick) == 0 && (len(silent) == 0 || len(s.Nodes)-len(silent)-1 >= s.quorum()) {
		return nil
	}
	return &reconcile.RefusedError{
		What: "restart nodes of a cluster that is not whole", Evidence: status.table(),
		Remedy: fmt.Sprintf("A restart of %s would leave too few nodes. Repair %s first.", strings.Join(stale, ", "), strings.Join(append(sick, silent...), ", ")),
	}
}

// returns lets nodes serve again that a change which broke off left drained.
func (s Spec) returns(status Status) []Step {
	var steps []Step
	for _, name := range status.where(func(n NodeStatus) bool { return n.Healthy() && n.Drained }) {
		steps = append(steps, s.stepReturn(name))
	}
	return steps
}

func (s Spec) runsStale(node host.Node, seen NodeStatus) bool {
	config := s.configFile(node)
	state := seen.Files[config.Path]
	started := max(seen.Unit.Started, seen.Bootstrap.Started)
	return seen.running() && (config.Difference(state) != "" || state.Modified > started)
}
