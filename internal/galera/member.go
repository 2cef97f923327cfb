package galera

import (
	"context"
	"fmt"
	"path"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// becomeMember is the script that ends when the node serves as a member. The
// verb says how to begin: "start" starts what does not run, "restart" restarts,
// "bootstrap" makes a new Primary component, "settle" gives a running node time
// before it restarts it, and "await" only waits: a donor that is restarted takes
// the joiner with it, and a state transfer may take hours. A server that looks
// after its tables once it has started is given the time for it.
//
// A unit that is given up is stopped: left to itself it would go on asking the
// donors for state transfers.
const becomeMember = `: galera-member
verb=$1 unit=$2 client=$3 socket=$4 bootstrap=$5 check=$6 transfers=$7 log=$8 old= gone=0 most=2
begun=$(date +%s)
` + lastWords + `
state() { [ ! -S "$socket" ] || timeout 3 "$client" --no-defaults --socket="$socket" -N -B -e "SET SESSION wsrep_sync_wait = 0; SET SESSION sql_select_limit = 18446744073709551615; SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status','wsrep_local_state','wsrep_ready')" 2>/dev/null | sort | cut -f2 | tr '\n' ' '; }
restarts() { systemctl show -p NRestarts --value "$1"; }
invocation() { systemctl show -p InvocationID --value "$unit"; }
busy() { [ "$(systemctl show -p ActiveState --value "$run")" = activating ]; }
again() { [ -z "$bootstrap" ] || systemctl stop "$bootstrap"; old=$(invocation); systemctl restart --no-block "$unit"; }
settle() { n=0; while [ $n -lt 100 ]; do [ "$(state)" = "Primary 4 ON " ] && break; n=$((n+1)); sleep 0.3; done; [ $n -lt 100 ]; }
run=$unit
[ "$verb" = await ] || rm -f "$transfers"
case $verb in
await) [ -z "$bootstrap" ] || ! systemctl is-active --quiet "$bootstrap" || run=$bootstrap ;;
settle) settle || again ;;
start) systemctl reset-failed "$unit" 2>/dev/null; systemctl is-active --quiet "$unit" || systemctl start --no-block "$unit" ;;
restart) again ;;
bootstrap)
systemctl reset-failed "$unit" 2>/dev/null
[ ! -e /var/lib/mysql/grastate.dat ] || { rm -f /var/lib/mysql/gvwstate.dat; sed -i 's/^safe_to_bootstrap: 0/safe_to_bootstrap: 1/' /var/lib/mysql/grastate.dat; }
if [ -n "$bootstrap" ]; then run=$bootstrap; systemctl stop "$unit"; systemctl start --no-block "$bootstrap"
# A start that is repeated bootstraps no more, and hides why the first failed.
else galera_new_cluster || { gone=4 most=0; }; fi ;;
esac
before=$(restarts "$run")
until [ "$(state)" = "Primary 4 ON " ] && { [ -z "$old" ] || [ "$(invocation)" != "$old" ]; }; do
a=$(systemctl show -p ActiveState --value "$run")
# systemd may not have got to the job yet.
case $a in failed|inactive) gone=$((gone+1)) ;; *) [ $most = 0 ] || gone=0 ;; esac
if [ $gone -gt 3 ] || [ "$(restarts "$run")" -gt $((before + most)) ]; then
words "$run" "$begun" "$log"
systemctl stop --no-block "$run"
echo "$run is $a; it was given up and is stopped now" >&2; exit 1
fi
sleep 0.3
done
` + tablesChecked

// tablesChecked ends a script once the unit that $run names has started and
// what looks after their tables then has ended; $check finds that, and busy says
// whether it is still to begin.
const tablesChecked = `n=0
while [ -n "$check" ] && { busy || pgrep -f -- "$check" >/dev/null; }; do
if [ $n -ge 3000 ]; then
echo "the check of the tables that begins with each start still runs after ten minutes: $(pgrep -a -f -- "$check" | head -n 1)" >&2; exit 1
fi
n=$((n+1)); sleep 0.2
done`

// lastWords is a shell function that prints why a server does not start, from the
// journal of the unit in $1 since the time in $2 and from its own log in $3. What
// the server says is an error comes first; that a peer did not answer follows from
// most other faults, and says little. Each line is shown once, without its time,
// because systemd has started the server several times.
const lastWords = `words() {
t=$(mktemp) || return
{ journalctl --since "@$2" -n 2000 --no-pager -o cat -u "$1"; [ ! -r "$3" ] || tail -n 2000 "$3" | awk -v b="$(date -u -d "@$2" +%Y-%m-%dT%H:%M:%S)" '$1 !~ /^[0-9]+-/ || $1 >= substr(b, 1, length($1))'; } 2>/dev/null |
sed -e 's/^[0-9]\{4\}-[0-9][0-9]-[0-9][0-9][ T][ 0-9:.]*[Z0-9:+]* [0-9]* //' | grep -E '\[ERROR\]|[Ff]atal|FATAL|given up' | awk '!seen[$0]++' >"$t"
grep -vE 'WSREP|Aborting' "$t" | tail -n 6 >&2
grep WSREP "$t" | tail -n 6 >&2
[ -s "$t" ] || journalctl -n 12 --no-pager -o cat -u "$1" >&2
rm -f "$t"
}
`

func (s Spec) become(ctx context.Context, node *host.Host, verb string) error {
	engine := s.engine()
	if engine.repository != "" && verb != "await" {
		if err := initializeData(ctx, node); err != nil {
			return err
		}
	}
	_, err := node.Run(ctx, shell.Script(becomeMember, verb, engine.unit, engine.client, socketPath, engine.bootstrapUnit, engine.startCheck,
		s.transfersPath(), s.errorLog()))
	return err
}

// errorLog is where the server writes its errors beside the journal; empty for
// nowhere.
func (s Spec) errorLog() string {
	if chosen, found := s.Settings["log_error"]; found && path.IsAbs(chosen) {
		return chosen
	}
	return s.Flavor.engine().errorLog
}

// awaitChecks waits for no state transfer, which takes what it takes and applies
// what is changed meanwhile.
const awaitChecks = `: galera-await-checks
run=$1 check=$2
busy() { [ "$(systemctl show -p SubState --value "$run")" = start-post ]; }
` + tablesChecked

// stepAwaitChecks waits until no server looks after its tables, as one does that
// has just started by itself: see [transferKeeps] for what an account that is
// changed meanwhile can do.
func stepAwaitChecks(nodes []string, engine engine) Step {
	return Step{Title: "wait until no server checks its tables",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			for _, name := range nodes {
				_, err := hosts[name].Run(ctx, shell.Script(awaitChecks, engine.unit, engine.startCheck))
				if err != nil && !host.IsUnreachable(err) {
					return fmt.Errorf("cannot wait for %s: %w", name, err)
				}
			}
			return nil
		}}
}
