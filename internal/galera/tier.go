package galera

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

type (
	// Plan is a plan over machines.
	Plan = reconcile.Plan[host.Hosts]
	// Step is a step of such a plan.
	Step = reconcile.Step[host.Hosts]
	// Lane is a sequence of such steps.
	Lane = reconcile.Lane[host.Hosts]
)

// Cluster is a Galera cluster on its machines.
type Cluster = tier.Cluster[Status, host.Hosts]

// Open returns the cluster of a spec. It contacts no machine.
func Open(hosts host.Hosts, spec Spec) *Cluster {
	views := hosts.Views()
	return tier.New(tier.Definition[Status, host.Hosts]{
		Target:      hosts,
		Observe:     func(ctx context.Context) Status { return Observe(ctx, views, spec) },
		Unreachable: Status.Unreachable,
		// With a history that is known, machines without data have lost it or not
		// mounted it yet: a cluster in its place would be an empty one.
		Absent:   func(seen Status) bool { return spec.UUID == "" && seen.Absent() },
		Diff:     func(seen Status) (Plan, error) { return Diff(spec, seen) },
		Verify:   func(ctx context.Context) error { return Verify(ctx, views, spec) },
		Remove:   func(seen Status, wipe bool) (Plan, error) { return Remove(spec, seen, wipe), nil },
		Notices:  spec.Notices,
		LeftOver: "its files, its restart where they changed, and what the others have replicated meanwhile",
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
	status := Status{Nodes: map[string]NodeStatus{}}
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (NodeStatus, error) {
		answers, err := view.Ask(ctx, spec.questions(view.Name())...)
		if err != nil {
			return NodeStatus{}, err
		}
		return spec.parse(view.Name(), answers), nil
	})
	for name, s := range seen {
		s.Value.Err = s.Err
		status.Nodes[name] = s.Value
	}
	return status
}

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

// questions is all that is asked of a node.
func (s Spec) questions(node string) []shell.Part {
	engine := s.Flavor.engine()
	return append([]shell.Part{
		host.AskFacts("facts"),
		host.AskPackages("packages", append(slices.Clone(engine.packages), host.FirewallPackage)...),
		host.AskUnits("units", append(engine.units(), guardSocket, guardUnit, dataMount)...),
		host.AskFiles("files", slices.Concat(s.paths(), s.diskPaths(), s.firewall().Paths())...),
		host.AskFirewall("filter", filterTier),
		shell.Ask("marker", `: galera-marker
cat -- "$1" 2>/dev/null; exit 0`, s.marker().Path),
		shell.Ask("data", `: galera-data
[ ! -e "$3" ] || { read -r position <"$3"; echo "recovered $position $(stat -c %Y "$3")"; }
read -r cores 2>/dev/null </sys/devices/system/cpu/online && echo "cores $cores"
[ ! -e "$4" ] || while read -r line; do
case $line in "$5"*) echo "made-for ${line#"$5"}"; break ;; "["*) break ;; esac
done <"$4"
room() { stat -f --printf='free %a %S\nsize %b %S\nsystem %T\n' "$1"; }
cd "$1" 2>/dev/null || { room "${1%/*}"; exit 0; }
find . -mindepth 1 -maxdepth 1 \( -name galera.cache -printf 'cache %s\n' -o -type d -printf 'schema %f\n' \)
for f in gvwstate.dat grastate.dat; do
[ ! -e "$f" ] || while read -r key value; do
case $key in view_id: | member: | uuid: | seqno: | safe_to_bootstrap:) printf '%s %s\n' "${key%:}" "$value" ;; esac
done <"$f"
done
room .
du -s -B1 . 2>/dev/null | { read -r n _ && echo "used $n 1"; }
read -r n 2>/dev/null <"$2" && echo "failed-transfers $n"
exit 0`, dataDirectory, s.transfersPath(), recoveredPath, engine.configPath, madeFor),
		tier.AskHeld("holds"),
		tier.AskDrained("drained", s.drainMark()),
		shell.Ask("versions", `: galera-password-versions
cat -- "$1" 2>/dev/null; exit 0`, s.versionsPath()),
		shell.Ask("wsrep", `: galera-wsrep
timeout 5 "$1" --no-defaults --socket="$2" -N -B --force -e "
SET SESSION wsrep_sync_wait = 0;
SET SESSION sql_select_limit = 18446744073709551615;
SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status','wsrep_ready','wsrep_connected','wsrep_local_state','wsrep_local_state_comment','wsrep_cluster_size','wsrep_cluster_conf_id','wsrep_cluster_state_uuid');
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on','wsrep_provider','version','lower_case_table_names','wsrep_reject_queries','read_only','super_read_only','offline_mode','pxc_maint_mode'$3);"`, engine.client, socketPath, s.asked()),
		shell.Ask("schemas", `: galera-schemas
c=$1; s=$2; session=$3; shift 3
{ printf '%s' "$session"; for q; do printf '%s;\n' "$q"; done; } |
timeout 5 "$c" --no-defaults --socket="$s" --default-character-set=utf8mb4 -N -B --force`, append([]string{engine.client, socketPath, engine.reading()}, s.schemaQueries()...)...),
		shell.Ask("accounts", `: galera-accounts
c=$1; s=$2; session=$3; hashes=$4; shift 4
{ printf '%s' "$session"; while [ $# -gt 0 ]; do printf 'SELECT %s;\n%s;\n' "$1" "$2"; shift 2; done; } |
timeout 5 "$c" --no-defaults --socket="$s" --default-character-set=utf8mb4 -N -B --force |
sed "$hashes"`, append([]string{engine.client, socketPath, engine.reading(), withoutHashes}, marked(s.accountQueries())...)...),
	}, s.askDisk(node)...)
}

// parse reads a node's answers.
func (s Spec) parse(name string, answers shell.Answers) NodeStatus {
	engine := s.Flavor.engine()
	units := host.ParseUnits(answers["units"])
	node := NodeStatus{
		Facts:     host.ParseFacts(answers["facts"]),
		Packages:  host.ParsePackages(answers["packages"]),
		Unheld:    host.ParseUnheld(answers["packages"]),
		Unit:      units[engine.unit],
		Bootstrap: units[engine.bootstrapUnit],
		Mount:     units[dataMount],
		Filter:    host.ParseFirewall(answers["filter"]),
		Marker:    parseMarker(answers["marker"].Out),
		Guard:     map[string]host.UnitState{guardSocket: units[guardSocket], guardUnit: units[guardUnit]},
		Files:     host.ParseFiles(answers["files"]),
		Holds:     answers.Lines("holds"),
		Wsrep:     parseWsrep(answers["wsrep"]),
	}
	node.Ours = node.Files[s.marker().Path].Exists
	node.parseData(answers["data"].Out)
	if d, found := s.disk(name); found {
		node.Disk = d.Parse(answers["disk"], units, node.Files)
	}
	node.Drained = answers["drained"].Out != ""
	node.Passwords = parsePasswords(answers["versions"].Out)
	if node.Wsrep.Answers {
		node.Variables = parseVariables(answers["wsrep"].Out)
		node.Databases, node.Spelled = parseDatabases(answers["schemas"].Out)
		node.Accounts, node.AccountsRead = s.parseAccounts(answers["accounts"].Out)
		node.Public = parsePublic(answers["accounts"].Out)
	}
	return node
}

// paths are the files of ours on a node.
func (s Spec) paths() []string {
	paths := append([]string{s.marker().Path, s.Flavor.engine().configPath}, s.guardPaths()...)
	for _, dropIn := range s.dropIns() {
		paths = append(paths, dropIn.Path)
	}
	return paths
}

// files returns every file of one node in the order in which it is written.
func (s Spec) files(node host.Node) []host.File {
	files := append([]host.File{s.marker()}, s.guardFiles(node)...)
	return append(append(files, s.dropIns()...), s.configFile(node))
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
