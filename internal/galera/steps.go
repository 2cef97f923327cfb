package galera

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func stepWriteFile(node string, file host.File, why string) Step {
	return Step{Node: node, Title: "write " + path.Base(file.Path), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, file) }}
}

func stepWriteUnitFile(node string, file host.File, why string) Step {
	unit := unitOf(file)
	return Step{Node: node, Title: "write " + path.Base(file.Path) + " of " + unit, Why: unit + ": " + why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := hosts[node].WriteFile(ctx, file); err != nil {
				return err
			}
			return hosts[node].ReloadSystemd(ctx)
		}}
}

// stepReloadSystemd is for a run that broke off between the file and the reload.
func stepReloadSystemd(node string, engine engine) Step {
	return Step{Node: node, Title: "reload systemd", Why: engine.unit + " changed after systemd read it",
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].ReloadSystemd(ctx) }}
}

func stepWriteConfig(node string, engine engine, file host.File, why string) Step {
	return Step{Node: node, Title: "write " + path.Base(file.Path), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return writeConfig(ctx, hosts[node], engine, file) }}
}

// writeConfig lets the engine read the new file before it is put in place: a node
// that cannot start drops its state and asks for all of it again.
func writeConfig(ctx context.Context, node *host.Host, engine engine, file host.File) error {
	check := shell.Script(`: galera-check-config
command -v "$1" >/dev/null || exit 0
t=$(mktemp) && trap 'rm -f "$t"' EXIT && cat >"$t" && chmod 0644 "$t" || exit 1
o=$("$1" --defaults-file="$t" --user=mysql --verbose --help 2>&1 >/dev/null) && ! printf '%s' "$o" | grep -q '\[ERROR\]' && exit 0
printf '%s\n' "$o" | tail -n 5 >&2; exit 1`, engine.server).WithStdin(file.Content)
	if _, err := node.Run(ctx, check); err != nil {
		return fmt.Errorf("%s does not accept the configuration; the old one stays: %w", engine.server, err)
	}
	return node.WriteFile(ctx, file)
}

func stepInstall(node string, engine engine, missing []string) Step {
	return Step{Node: node, Title: "install " + strings.Join(missing, " "), Why: strings.Join(missing, ", ") + " is not installed",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if engine.repository != "" {
				if err := addPerconaRepository(ctx, hosts[node], engine.repository); err != nil {
					return err
				}
			}
			return hosts[node].InstallPackages(ctx, missing, engine.unit, "nftables.service")
		}}
}

func (s Spec) stepHold(node string, packages []string, why string) Step {
	return Step{Node: node, Title: "hold " + strings.Join(packages, " "), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			return hosts[node].HoldPackages(ctx, "galera-"+s.Name, packages...)
		}}
}

// stepInstallOnMember ends when a server that was a member is one again: packages
// may have stopped it, and the next node must not be touched before.
func (s Spec) stepInstallOnMember(node string, engine engine, missing []string, seen NodeStatus) Step {
	step := stepInstall(node, engine, missing)
	if !seen.primary() {
		return step // what it lacks as a member is planned next
	}
	verb := "start"
	if seen.Bootstrap.Running() {
		verb = "await"
	}
	install := step.Do
	step.Do = func(ctx context.Context, hosts host.Hosts) error {
		if err := install(ctx, hosts); err != nil {
			return err
		}
		return s.become(ctx, hosts[node], verb)
	}
	return step
}

func stepEnable(node string, engine engine, why string) Step {
	return Step{Node: node, Title: "enable " + engine.unit, Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].EnableUnit(ctx, engine.unit) }}
}

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

// stepBootstrap makes the cluster. Right before it does, it looks at every node
// again: this is the one act that makes two clusters of one if it is done twice.
func (s Spec) stepBootstrap(node, why string) Step {
	return Step{Node: node, Title: "bootstrap the cluster", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := s.complete(Observe(ctx, hosts.Views(), s))
			if !now.all(NodeStatus.virgin) {
				return &reconcile.RefusedError{What: "bootstrap the cluster", Node: node, Evidence: now.table(),
					Remedy: "A node got data or stopped answering after the plan was made. Apply again."}
			}
			return s.become(ctx, hosts[node], "bootstrap")
		}}
}

// stepRebootstrap starts the cluster again from the node with its last position.
func (s Spec) stepRebootstrap(node string) Step {
	return Step{Node: node, Title: "bootstrap the cluster from its last position", Why: "no node of the cluster runs; this one has the last position",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := s.complete(Observe(ctx, hosts.Views(), s))
			quiet := func(n NodeStatus) bool { return n.Err == nil && !n.primary() && (!n.Wsrep.Answers || !n.Wsrep.On) }
			if !now.all(quiet) || len(now.UUIDs()) > 1 {
				return &reconcile.RefusedError{What: "bootstrap the cluster again", Node: node, Evidence: now.table(),
					Remedy: "The cluster changed after the plan was made. Apply again."}
			}
			return s.become(ctx, hosts[node], "bootstrap")
		}}
}

// stepJoin brings one node in, after the members are whole: a donor that still
// serves a joiner cannot serve another one, and two donors fewer serve nobody.
func (s Spec) stepJoin(node string, engine engine, why string) Step {
	return Step{Node: node, Title: "start " + engine.unit + " and join", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			now := Observe(ctx, hosts.Views(), s)
			seen := now.Nodes[node]
			switch {
			case seen.Err != nil:
				return seen.Err
			case seen.primary():
				return s.become(ctx, hosts[node], "await")
			case len(now.where(NodeStatus.primary)) == 0:
				return fmt.Errorf("no other node is in a Primary component")
			case seen.Unit.Active == "activating":
				// It may be the joiner that the donor serves: it must not wait for that.
				return s.become(ctx, hosts[node], "start")
			}
			if err := errors.Join(s.noRoom(now, node), s.otherSeries(now, node)); err != nil {
				return err
			}
			if err := s.awaitWhole(ctx, hosts.Views(), now.where(NodeStatus.primary), 10*time.Minute); err != nil {
				return err
			}
			return s.become(ctx, hosts[node], seen.joinVerb())
		}}
}

// joinVerb is how a node that is no member becomes one.
func (n NodeStatus) joinVerb() string {
	switch {
	case n.Wsrep.Answers && !n.Wsrep.On:
		return "restart"
	case n.running():
		return "settle"
	}
	return "start"
}

// stepAwait waits for a member that gives or gets a state transfer.
func (s Spec) stepAwait(node, why string) Step {
	return Step{Node: node, Title: "wait until it is Synced", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return s.become(ctx, hosts[node], "await") }}
}

// stepRestart restarts one node of a whole cluster, with another configuration if
// one is given; whole are the nodes that have to serve before. A node that holds a
// floating IP gives it away first.
func (s Spec) stepRestart(node, why string, config *host.File, whole []string) Step {
	return Step{Node: node, Title: "restart " + s.Flavor.engine().unit, Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			// One that has just served a state transfer has to apply what came meanwhile.
			if err := s.awaitWhole(ctx, hosts.Views(), whole, 10*time.Minute); err != nil {
				return err
			}
			if config != nil {
				if err := writeConfig(ctx, hosts[node], s.Flavor.engine(), *config); err != nil {
					return err
				}
			}
			if err := tier.Drain(ctx, hosts[node], s.drainMark()); err != nil {
				return err
			}
			err := s.become(ctx, hosts[node], "restart")
			if errReturn := tier.Return(context.WithoutCancel(ctx), hosts[node], s.drainMark()); err == nil {
				err = errReturn
			}
			return err
		}}
}

// stepReturn ends the drain of a restart that broke off.
func (s Spec) stepReturn(node string) Step {
	return Step{Node: node, Title: "return to service", Why: "a change that broke off left it drained",
		Do: func(ctx context.Context, hosts host.Hosts) error { return tier.Return(ctx, hosts[node], s.drainMark()) }}
}

// drainMark tells a drain of ours from an operator's.
func (s Spec) drainMark() string { return tier.DrainMark(s.plainMarker().Kind, s.Name) }

// stepHandBack moves the first node from the bootstrap unit to the ordinary one.
// Left as it is, the next start would make a second cluster. It is a restart, so
// the others are whole before, and a floating IP is given away.
func (s Spec) stepHandBack(node string, engine engine) Step {
	return Step{Node: node, Title: "hand over from " + engine.bootstrapUnit + " to " + engine.unit, Why: engine.bootstrapUnit + " still runs",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := s.awaitWhole(ctx, hosts.Views(), s.names(), 10*time.Minute); err != nil {
				return err
			}
			if err := tier.Drain(ctx, hosts[node], s.drainMark()); err != nil {
				return err
			}
			err := hosts[node].StopUnit(ctx, engine.bootstrapUnit)
			if err == nil {
				err = s.become(ctx, hosts[node], "start")
			}
			if errReturn := tier.Return(context.WithoutCancel(ctx), hosts[node], s.drainMark()); err == nil {
				err = errReturn
			}
			return err
		}}
}

// awaitWhole waits until every named node is a healthy member.
func (s Spec) awaitWhole(ctx context.Context, views host.Views, nodes []string, limit time.Duration) error {
	return reconcile.WaitAtMost(ctx, limit, "the cluster to be whole", 500*time.Millisecond, func(ctx context.Context) (string, error) {
		return Observe(ctx, views, s).whyNotWhole(nodes), nil
	})
}

func (s Status) whyNotWhole(nodes []string) string {
	for _, name := range nodes {
		node := s.Nodes[name]
		switch {
		case node.Err != nil:
			return fmt.Sprintf("%s: %v", name, node.Err)
		case !node.Wsrep.Answers:
			return name + ": the server does not answer"
		case !node.Healthy():
			return fmt.Sprintf("%s is %s, %s", name, node.Wsrep.Cluster, node.Wsrep.Comment)
		}
	}
	return s.disagreement()
}
