package galera

import (
	"context"
	"slices"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

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

// paths are the files of ours on a node.
func (s Spec) paths() []string {
	paths := append([]string{s.marker().Path, s.Flavor.engine().configPath}, s.guardPaths()...)
	for _, dropIn := range s.dropIns() {
		paths = append(paths, dropIn.Path)
	}
	return paths
}

// withoutHashes empties the strings in the one line of SHOW GRANTS that has the
// hash of the account's password. Before the strings that line has no name but
// those of the account, so no name of a table looks like it.
const withoutHashes = "/^GRANT [A-Z_, ]* ON \\*\\.\\* TO `[^`]*`@`[^`]*` IDENTIFIED /s/'[^']*'/''/g"

// schemaQueries asks for all schemas, and for the engine's spelling of what is
// declared of some.
func (s Spec) schemaQueries() []string {
	queries := []string{schemasQuery}
	for _, schema := range sortedKeys(s.Databases) {
		if database := s.Databases[schema]; database != (Database{}) {
			queries = append(queries, spellingQuery(schema, database))
		}
	}
	return queries
}

// marked puts before each query the text that its answer is found by. The
// client goes on after a query that fails: SHOW GRANTS does for an account that
// is missing.
func marked(queries []string) []string {
	var args []string
	for _, query := range queries {
		args = append(args, literal("# "+query), query)
	}
	return args
}
