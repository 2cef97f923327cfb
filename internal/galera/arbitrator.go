package galera

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const (
	// arbitratorUnit runs garbd with what the cluster needs. The packages' own units
	// differ between the engines, and start at boot what is not configured.
	arbitratorUnit = "terraform-ha-arbitrator.service"
	packagedUnit   = "garb.service"
	// oldPackagedUnit is what Percona's guide calls its service on Debian, too.
	oldPackagedUnit = "garbd.service"
	// arbitratorState is where garbd keeps its last view, by which it forms the Primary
	// component again together with the members after a power cut.
	arbitratorState = "/var/lib/terraform-ha-arbitrator"
	// detailArbitrator is in the marker of an arbitrator's machine.
	detailArbitrator = "arbitrator"
)

// arbitratorPackage has garbd.
func (e engine) arbitratorPackage() string {
	if e.Engine == Percona {
		return "percona-xtradb-cluster-garbd"
	}
	return "galera-arbitrator-4"
}

// peers are all machines of the cluster, in the order of their names: its data nodes and
// its arbitrator.
func (s Spec) peers() []host.Node {
	return slices.SortedFunc(slices.Values(slices.Concat(s.Nodes, s.Arbitrators)), func(a, b host.Node) int { return strings.Compare(a.Name, b.Name) })
}

// holdsData reports whether a name is that of a declared data node.
func (s Spec) holdsData(name string) bool { return slices.Contains(s.names(), name) }

// byRole moves what was seen of arbitrators out of the nodes that have data.
func (s Status) byRole(spec Spec) Status {
	nodes := maps.Clone(s.Nodes)
	s.Arbitrators = maps.Clone(s.Arbitrators)
	if s.Arbitrators == nil {
		s.Arbitrators = map[string]NodeStatus{}
	}
	for name, seen := range s.Nodes {
		declared := slices.ContainsFunc(spec.Arbitrators, func(node host.Node) bool { return node.Name == name })
		if declared || !spec.holdsData(name) && seen.Err == nil && seen.Marker.Detail[detailArbitrator] != "" {
			s.Arbitrators[name] = seen
			delete(nodes, name)
		}
	}
	return s.with(nodes)
}

// with returns the status with other data nodes.
func (s Status) with(nodes map[string]NodeStatus) Status {
	s.Nodes = nodes
	return s
}

// machine returns what was seen of any machine of the cluster.
func (s Status) machine(name string) (NodeStatus, bool) {
	if seen, found := s.Arbitrators[name]; found {
		return seen, true
	}
	seen, found := s.Nodes[name]
	return seen, found
}

// arbitrating are the arbitrators that run.
func (s Status) arbitrating() []string {
	return slices.DeleteFunc(sortedKeys(s.Arbitrators), func(name string) bool {
		seen := s.Arbitrators[name]
		return seen.Err != nil || !seen.Arbiter.Running()
	})
}

func (s Spec) arbitratorNames() []string {
	var names []string
	for _, node := range s.Arbitrators {
		names = append(names, node.Name)
	}
	return names
}

// arbitratorsToStart are those that this plan starts.
func (d *draft) arbitratorsToStart() []string {
	var names []string
	for node, seen := range d.arbitrators() {
		if !seen.Arbiter.Running() {
			names = append(names, node.Name)
		}
	}
	return names
}

// voting are the declared arbitrators that run.
func (s Spec) voting(status Status) []string {
	return slices.DeleteFunc(status.arbitrating(), func(name string) bool {
		return !slices.ContainsFunc(s.Arbitrators, func(node host.Node) bool { return node.Name == name })
	})
}

func (d *draft) voting() []string { return d.spec.voting(d.seen) }

func askArbitrator(spec Spec, name string) tier.Questions {
	if spec.holdsData(name) {
		return tier.Questions{}
	}
	return tier.Questions{
		Packages: []string{spec.engine().arbitratorPackage()}, Units: []string{arbitratorUnit, packagedUnit}, Files: arbitratorPaths(spec),
		Parts: []shell.Part{shell.Ask("arbitrator", arbitratorScript, arbitratorState)},
	}
}

var arbitratorScript = shell.Embedded(scripts, "arbitrator")

func readArbitrator(spec Spec, name string, answers tier.Answers, seen *NodeStatus) {
	if spec.holdsData(name) {
		return
	}
	seen.Arbiter, seen.Packaged = answers.Units[arbitratorUnit], answers.Units[packagedUnit]
	if answers.Parts["arbitrator"].Out != "" {
		seen.parseData(answers.Parts["arbitrator"].Out)
	}
}

// arbitratorFiles are those of garbd on its machine. The list of members is a file of its
// own, and so is what the guard is told: both are read when garbd starts, and a change
// restarts nothing, because garbd learns from the group who comes and goes.
func arbitratorFiles(spec Spec, node host.Node) []host.File {
	head := fmt.Sprintf("# Managed by terraform-provider-ha (galera %s); changes are reverted.\n", spec.Name)
	unit := head + fmt.Sprintf(`[Unit]
Description=Galera arbitrator of the cluster %[1]s
Documentation=man:garbd(8)
Wants=network-online.target
After=network-online.target
Conflicts=%[2]s %[9]s
StartLimitIntervalSec=0
ConditionPathExists=!%[8]s
[Service]
User=nobody
StateDirectory=%[3]s
EnvironmentFile=%[4]s
ExecStart=/usr/bin/garbd --name %[5]s --group %[1]s --address gcomm://${MEMBERS} --workdir %[6]s%[7]s
# With SIGTERM garbd does not leave the group in order (garb.service of its package).
KillSignal=SIGINT
Restart=always
RestartSec=5s
TimeoutStartSec=infinity
TimeoutStopSec=2min
[Install]
WantedBy=multi-user.target
`, spec.Name, packagedUnit, path.Base(arbitratorState), membersOfArbitrator, node.Name, arbitratorState, arbitratorOptions(spec), tier.MaintenanceFile(markerKind, spec.Name), oldPackagedUnit)
	var members []string
	for _, other := range spec.Nodes {
		members = append(members, other.Address)
	}
	return []host.File{
		{Path: "/etc/systemd/system/" + arbitratorUnit, Content: []byte(unit), Mode: "0644"},
		{Path: membersOfArbitrator, Content: []byte(head + "MEMBERS=" + strings.Join(members, ",") + "\n"), Mode: "0644"},
	}
}

const membersOfArbitrator = "/etc/terraform-ha/arbitrator.env"

func arbitratorPaths(spec Spec) []string {
	var paths []string
	for _, file := range arbitratorFiles(spec, host.Node{}) {
		paths = append(paths, file.Path)
	}
	return append(paths, "/etc/systemd/system/"+guardDropIn(arbitratorUnit))
}

// arbitratorOptions are those of the Galera library that all of a group have to agree in.
// The others are about data.
func arbitratorOptions(spec Spec) string {
	var options []string
	chosen := spec.libraryOptions()
	for _, name := range sortedKeys(chosen) {
		if strings.HasPrefix(name, "evs.") || strings.HasPrefix(name, "gmcast.") || strings.HasPrefix(name, "socket.") {
			options = append(options, name+"="+chosen[name])
		}
	}
	if len(options) == 0 {
		return ""
	}
	return ` --options "` + strings.Join(options, "; ") + `"`
}

// refuseAnotherRole refuses to make an arbitrator of a machine with data, and a data node
// of an arbitrator.
func refuseAnotherRole(d *draft) error {
	for _, name := range sortedKeys(d.seen.Arbitrators) {
		seen := d.seen.Arbitrators[name]
		if seen.Err == nil && (seen.running() || seen.Saved.HasData() || len(seen.Schemas) > 0) {
			return &reconcile.RefusedError{
				What: "make an arbitrator of a machine with a database", Node: name, Path: tier.At("nodes", name, "arbitrator"),
				Evidence: []string{"it has " + dataDirectory + " with data, or a server that runs"},
				Remedy:   "Use a machine without a database. To make an arbitrator of a data node, remove the node and apply, empty its machine, and declare it with another key.",
			}
		}
	}
	for _, name := range d.spec.names() {
		if d.seen.Nodes[name].Marker.Detail[detailArbitrator] != "" {
			return &reconcile.RefusedError{
				What: "make a data node of an arbitrator", Node: name, Path: tier.At("nodes", name, "arbitrator"),
				Evidence: []string{"its marker says that it is the arbitrator of the cluster"},
				Remedy:   "Remove the node and apply, which takes the arbitrator off its machine, and declare the machine then.",
			}
		}
	}
	return nil
}

// planArbitrator completes what is on the machine of an arbitrator. It starts once the
// cluster serves: see [arbitratorJoins].
func planArbitrator(d *draft) error {
	for node, seen := range d.arbitrators() {
		d.prepare.On(node.Name, arbitratorMarker(d, node, seen)...)
		wanted := []string{d.engine.arbitratorPackage(), "socat"}
		if !d.spec.Unfiltered {
			wanted = append(wanted, host.FirewallPackage)
		}
		if missing := tier.MissingPackages(wanted, seen.Packages); len(missing) > 0 {
			d.prepare.On(node.Name, stepInstall(node.Name, d.engine, missing, packagedUnit))
		}
		if seen.Packaged.Enabled() || seen.Packages[d.engine.arbitratorPackage()] == "" {
			d.prepare.On(node.Name, stepDisablePackaged(node.Name, seen))
		}
		if filter := keepingApart(d.spec.around(), d.apart); d.spec.Unfiltered {
			d.prepare.On(node.Name, filterRemoval(node.Name, filter, seen)...)
		} else {
			d.prepare.On(node.Name, filterSteps(node.Name, filter, seen)...)
		}
		for _, file := range arbitratorFiles(d.spec.around(), node) {
			if why := file.Difference(seen.Files[file.Path]); why != "" {
				d.prepare.On(node.Name, stepWriteArbitratorFile(node.Name, file, why))
			}
		}
		d.prepare.On(node.Name, guardSteps(node.Name, guardFiles(d.spec.around(), node), seen)...)
		if hold, needed := tier.HoldPackages("galera-"+d.spec.Name, []string{d.engine.arbitratorPackage()}, seen.Unheld, seen.Packages); needed {
			d.prepare.On(node.Name, hold.On(node.Name))
		}
	}
	return nil
}

// arbitrators are the arbitrators that answered and are not to be stopped.
func (d *draft) arbitrators() iter.Seq2[host.Node, NodeStatus] {
	return func(yield func(host.Node, NodeStatus) bool) {
		for _, node := range d.spec.Arbitrators {
			seen, found := d.seen.Arbitrators[node.Name]
			if found && seen.Err == nil && !d.spec.stopped(node.Name) && !yield(node, seen) {
				return
			}
		}
	}
}

// arbitratorMarker puts the marker in place, which says what the machine is.
func arbitratorMarker(d *draft, node host.Node, seen NodeStatus) []Step {
	marker := plainMarker(d.spec.Name)
	marker.Detail = map[string]string{detailArbitrator: "yes"}
	wanted := marker.File()
	difference := wanted.Difference(seen.Files[wanted.Path])
	if difference == "" {
		return nil
	}
	return []Step{{Node: node.Name, Title: "write " + path.Base(wanted.Path), Why: difference,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node.Name].WriteFile(ctx, wanted) }}}
}

func stepWriteArbitratorFile(node string, file host.File, why string) Step {
	return Step{Node: node, Title: "write " + path.Base(file.Path), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := hosts[node].WriteFile(ctx, file); err != nil {
				return err
			}
			return hosts[node].ReloadSystemd(ctx)
		}}
}

// stepDisablePackaged keeps the unit of the package from failing at each boot.
func stepDisablePackaged(node string, seen NodeStatus) Step {
	why := ""
	if seen.Packaged.Enabled() {
		why = packagedUnit + " starts at boot, and " + arbitratorUnit + " is what runs the arbitrator"
	}
	return Step{Node: node, Title: "disable " + packagedUnit, Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].DisableUnit(ctx, packagedUnit) }}
}

// arbitratorJoins start the arbitrator beside members. One that started before its unit
// was written is restarted.
func arbitratorJoins(d *draft) []Step {
	var steps []Step
	for node, seen := range d.arbitrators() {
		why := ""
		unit := seen.Files["/etc/systemd/system/"+arbitratorUnit]
		members := d.status.where(NodeStatus.primary)
		switch {
		case !seen.Arbiter.Running() || !seen.Arbiter.Enabled():
			why = "the arbitrator does not run"
		case seen.Arbiter.Started < unit.Modified:
			why = "the arbitrator started before its unit was last changed"
		case len(members) > 0 && d.seen.all(NodeStatus.answers) && d.seen.largest() <= len(members):
			why = "no member sees the arbitrator"
		default:
			continue
		}
		if err := d.refuseArbitratorSoon(node.Name); err != nil {
			d.refuse(err)
			continue
		}
		steps = append(steps, stepArbitrate(d.spec, node.Name, why))
	}
	return steps
}

// stepArbitrate starts or restarts the arbitrator, while all members are well: it leaves
// the group for a moment, and then the members alone have to be a quorum.
func stepArbitrate(spec Spec, name, why string) Step {
	return Step{Node: name, Title: "start the arbitrator", Why: why, Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := Observe(ctx, hosts.Views(), spec)
			members := now.where(NodeStatus.primary)
			if len(members) == 0 {
				return fmt.Errorf("no node is in a Primary component, and an arbitrator cannot start one")
			}
			now, err := seenWhole(ctx, hosts.Views(), spec, members, 10*time.Minute)
			if err != nil {
				return err
			}
			if err := refuseArbitratorOut(spec, now, name); err != nil {
				return err
			}
			// The unit does not start while the machine is recorded as being in maintenance.
			if err := tier.PutBack(ctx, hosts[name], markerKind, spec.Name); err != nil {
				return err
			}
			if err := hosts[name].EnableUnit(ctx, arbitratorUnit); err != nil {
				return err
			}
			if err := hosts[name].RestartUnit(ctx, arbitratorUnit); err != nil {
				return err
			}
			return reconcile.WaitAtMost(ctx, settleTime, "the members to see the arbitrator", 500*time.Millisecond, func(ctx context.Context) (string, error) {
				now := Observe(ctx, hosts.Views(), spec)
				return now.whyUnseen(name), nil
			})
		}}
}

// restedArbitrators stop the arbitrator before a Primary component is made: it may be in
// one of its own, which stays Primary when the last member has left in order, and two of
// them end each other. It starts again when the members serve.
func restedArbitrators(d *draft) []Step {
	var steps []Step
	for _, name := range d.seen.arbitrating() {
		steps = append(steps, Step{Node: name, Title: "stop the arbitrator", Why: "no member serves, and an arbitrator alone may be a Primary component", Effect: reconcile.Joins,
			Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[name].StopUnit(ctx, arbitratorUnit) }})
	}
	return steps
}

// refuseArbitratorLeave wants the members to be a quorum without the arbitrator.
func refuseArbitratorLeave(d *draft, leaver host.Node, repaired bool) error {
	if !d.seen.Arbitrators[leaver.Name].Arbiter.Running() { // nor is one that does not answer seen to run
		return nil
	}
	serving := d.declared.where(func(n NodeStatus) bool { return n.Healthy() || repaired && n.Err == nil })
	if len(serving) >= d.spec.quorum() {
		return nil
	}
	return &reconcile.RefusedError{
		What: "let " + leaver.Name + " leave the cluster", Evidence: d.status.table(), Path: tier.At("nodes"),
		Remedy: fmt.Sprintf("Without the arbitrator %d of %d nodes would serve. Repair the others first.", len(serving), len(d.spec.Nodes)),
	}
}

// leaveAsArbitrator stops the arbitrator in order and takes it off its machine.
func leaveAsArbitrator(ctx context.Context, hosts host.Hosts, spec Spec, name string, now Status) error {
	others := now.where(NodeStatus.primary)
	if now.Arbitrators[name].Arbiter.Running() {
		if err := awaitWhole(ctx, hosts.Views(), spec, others, 10*time.Minute); err != nil {
			return err
		}
	}
	if err := hosts[name].DisableUnit(ctx, arbitratorUnit, guardSocket, guardUnit); err != nil {
		return err
	}
	if err := awaitWhole(ctx, hosts.Views(), spec, others, settleTime); err != nil {
		return err
	}
	return removeArbitrator(ctx, hosts[name], spec)
}

// removeArbitrator removes what is on the machine. Packages stay, as on data nodes.
func removeArbitrator(ctx context.Context, node *host.Host, spec Spec) error {
	if err := node.RemoveFile(ctx, arbitratorPaths(spec)...); err != nil {
		return err
	}
	return removeOurs(ctx, node, spec)
}

// planMaintenanceOfArbitrator has an arbitrator stopped on the user's word, where the
// members are a quorum without it.
func planMaintenanceOfArbitrator(d *draft) error {
	for _, node := range d.spec.Arbitrators {
		seen, found := d.seen.Arbitrators[node.Name]
		declared := d.spec.Maintenance[node.Name]
		switch {
		case !found || seen.Err != nil:
		case declared == "" && seen.Maintenance != "" && seen.Arbiter.Running() && seen.Arbiter.Enabled():
			// It was never stopped, and would not start at the next boot. One that was stopped is
			// put back by its start.
			d.putBack.InOrder(stepPutBackArbitrator(d.spec, node.Name, fmt.Sprintf("it is recorded to be %s and is to be in service", seen.Maintenance)))
		case declared == "" || seen.Maintenance == declared && !seen.Arbiter.Running() && !seen.Arbiter.Enabled():
		case seen.Arbiter.Running() && len(d.seen.Members()) < d.spec.quorum():
			d.refuse(&reconcile.RefusedError{
				What: "take the arbitrator out of service", Node: node.Name, Evidence: d.seen.table(),
				Remedy: d.seen.putBackFirst(d.spec, node.Name),
			})
		default:
			d.takeOut.InOrder(stepTakeOutArbitrator(d.spec, node.Name, declared, fmt.Sprintf("it is %s and is to be %s", seen.Maintenance, declared)))
		}
	}
	return nil
}

func stepPutBackArbitrator(spec Spec, name, why string) Step {
	return Step{Node: name, Title: "put back into service", Why: why, Effect: reconcile.Joins,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			return tier.PutBack(ctx, hosts[name], markerKind, spec.Name)
		}}
}

func stepTakeOutArbitrator(spec Spec, name string, how tier.Maintenance, why string) Step {
	return Step{Node: name, Title: "take out of service for maintenance", Why: why, Effect: reconcile.Drains,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := Observe(ctx, hosts.Views(), spec)
			if now.Arbitrators[name].Arbiter.Running() {
				if err := awaitWhole(ctx, hosts.Views(), spec, now.where(NodeStatus.primary), 10*time.Minute); err != nil {
					return err
				}
			}
			if err := tier.TakeOut(ctx, hosts, name, markerKind, spec.Name, how); err != nil {
				return err
			}
			return hosts[name].DisableUnit(ctx, arbitratorUnit)
		}}
}

func validateArbitrators(spec Spec, problems *tier.Problems) {
	if len(spec.Arbitrators) > 1 {
		problems.Add(tier.At("nodes"), "a cluster has one arbitrator at most: %d votes without data make no cluster survive more", len(spec.Arbitrators))
	}
	for _, node := range spec.Arbitrators {
		if _, found := spec.DataDevices[node.Name]; found {
			problems.Add(tier.At("nodes", node.Name, "data_device"), "an arbitrator has no data")
		}
		if spec.Maintenance[node.Name] == tier.Drained {
			problems.Add(tier.At("nodes", node.Name, "maintenance"), "an arbitrator serves nobody, so that there is nothing to drain; it can be %q", string(tier.Stopped))
		}
		if len(spec.NodeSettings[node.Name]) > 0 {
			problems.Add(tier.At("nodes", node.Name, "settings"), "an arbitrator runs no server that has settings")
		}
	}
}
