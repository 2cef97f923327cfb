package floatingip

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// verb is what happens to Keepalived after its files are in place; the stronger
// one includes the weaker.
type verb int

const (
	nothing verb = iota
	// keep lets it run as it runs.
	keep
	reload
	// restart starts it if it does not run.
	restart
)

func (v verb) String() string {
	return [...]string{"nothing", "keep", "reload", "restart"}[v]
}

// loadText tests the wanted configuration together with that of every other
// floating IP of the machine, and only then puts it in place and lets Keepalived
// read it. The lock keeps two floating IPs from doing that at the same time.
//
// The test runs on a copy in which scripts belong to root: Keepalived 2.2 kills
// itself during --config-test when scripts run as another user (exit status
// 143; fixed upstream in 2026). The copy's path is given, because the test of a
// missing file succeeds.
const loadText shell.Text = `: keepalived-load
set -eu; umask 077
mkdir -p -m 0755 /run/terraform-ha
exec 9>/run/terraform-ha/keepalived.lock; flock 9
main=/etc/keepalived/keepalived.conf
work=$(mktemp -d /run/terraform-ha/keepalived-test.XXXXXX); trap 'rm -rf -- "$work"' EXIT
mkdir "$work/conf.d" "$work/new"
for f in /etc/keepalived/conf.d/*.conf; do [ ! -e "$f" ] || cp -- "$f" "$work/conf.d/"; done
while read -r mode _ path; do
read -r data
new=$work/new/${path##*/}
printf '%s' "$data" | base64 -d >"$new"; chmod -- "$mode" "$new"
case $path in
"$main") ;;
*) cp -- "$new" "$work/conf.d/"; instance=$path ;;
esac
done
sed -e 's/^\([[:space:]]*script_user\)[[:space:]].*/\1 root/' -e "s|/etc/keepalived/conf.d/|$work/conf.d/|" "$work/new/keepalived.conf" >"$work/test.conf"
[ -s "$work/test.conf" ]
if ! keepalived --config-test -f "$work/test.conf" >"$work/said" 2>&1; then
echo "keepalived rejects the configuration:" >&2; sed "s|$work/||g" "$work/said" >&2; exit 1
fi
mkdir -p -m 0755 /etc/keepalived /etc/keepalived/conf.d
if [ -s "$main" ] && ! head -n 1 "$main" | grep -q '^# Managed by terraform-provider-ha '; then
[ -e "$main.before-terraform-ha" ] || cp -p -- "$main" "$main.before-terraform-ha"
fi
place() { cmp -s -- "$1" "$2" && [ "$(stat -c %a%U%G "$2")" = "$(stat -c %a%U%G "$1")" ] && return 0; cp -p -- "$1" "$2.new"; sync -- "$2.new" 2>/dev/null || sync; mv -f -- "$2.new" "$2"; }
place "$work/new/keepalived.conf" "$main"
place "$work/new/${instance##*/}" "$instance"
loaded=$(systemctl show -p DropInPaths -p NeedDaemonReload keepalived.service)
case $loaded in
*keepalived.service.d/terraform-ha.conf*NeedDaemonReload=no*) ;;
*) systemctl daemon-reload ;;
esac
case $(systemctl is-enabled keepalived.service 2>/dev/null) in
enabled*) ;;
masked*) systemctl unmask --quiet keepalived.service; systemctl unmask --runtime --quiet keepalived.service; systemctl enable --quiet keepalived.service ;;
*) systemctl enable --quiet keepalived.service ;;
esac
case $1 in
restart) systemctl restart keepalived.service ;;
reload) systemctl reload-or-restart keepalived.service ;;
esac || { s=$?; journalctl -n 15 --no-pager -o cat -u keepalived.service >&2; exit $s; }
systemctl is-active --quiet keepalived.service`

// step returns the step on one machine; do is given that machine.
func step(node, title, why string, do func(context.Context, *host.Host) error) Step {
	return Step{Node: node, Title: title, Why: why, Do: func(ctx context.Context, hosts host.Hosts) error {
		return do(ctx, hosts[node])
	}}
}

// script returns the step that runs a command on one machine.
func script(node, title, why string, command shell.Command) Step {
	return step(node, title, why, func(ctx context.Context, h *host.Host) error {
		_, err := h.Run(ctx, command)
		return err
	})
}

func writeStep(node, title, why string, files ...host.File) Step {
	return step(node, title, why, func(ctx context.Context, h *host.Host) error { return h.WriteFiles(ctx, files...) })
}

func installStep(node string, packages []string) Step {
	why := strings.Join(packages, ", ") + " is not installed"
	if len(packages) > 1 {
		why = strings.Join(packages, ", ") + " are not installed"
	}
	return step(node, "install "+strings.Join(packages, ", "), why, func(ctx context.Context, h *host.Host) error {
		return h.InstallPackages(ctx, packages)
	})
}

func holdStep(node, name string, packages []string, why string) Step {
	return step(node, "hold "+strings.Join(packages, ", "), why, func(ctx context.Context, h *host.Host) error {
		return h.HoldPackages(ctx, Kind+"-"+name, packages...)
	})
}

func userStep(node string) Step {
	return step(node, "make the system user "+scriptUser, "the user "+scriptUser+" is missing", func(ctx context.Context, h *host.Host) error {
		return h.SystemUser(ctx, scriptUser)
	})
}

func firewallStep(node, name, why string) Step {
	return script(node, "load the packet filter for VRRP", why, shell.Script(`: keepalived-load-firewall
exec nft -f "$1"`, firewallPath(name)))
}

func (ch change) step() Step {
	title := map[verb]string{
		keep:    "tell systemd about keepalived",
		reload:  "reload keepalived",
		restart: "restart keepalived",
	}[ch.verb]
	return script(ch.node.Name, title, ch.why, shell.Script(loadText, ch.verb.String()).WithStdin(host.EncodeFiles(ch.files...)))
}

// stopTime is what a machine has for stopping Keepalived, also when the run has ended.
const stopTime = 15 * time.Second

// stepOrStop is the step on a machine that does not hold the address. One that goes on
// with the former configuration would not hear the holder any more, and take the
// address as well. Where the new one cannot be loaded Keepalived is stopped, and the
// other machines go on; the next round starts it, or says why it cannot.
func (ch change) stepOrStop() Step {
	load := ch.step()
	loads := load.Do
	load.Do = func(ctx context.Context, hosts host.Hosts) error {
		err := loads(ctx, hosts)
		if err == nil {
			return nil
		}
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if stopped := hosts[ch.node.Name].StopUnit(stopping, unitName); stopped != nil {
			return errors.Join(err, stopped)
		}
		return ctx.Err()
	}
	return load
}

func strayStep(node string, spec Spec, why string) Step {
	return script(node, "remove the address", why, shell.Script(`: keepalived-remove-stray
# A machine that becomes master notes that a moment after it has the address.
for try in 1 2 3 4 5; do
if [ "$(cat "/run/terraform-ha/vrrp/$1" 2>/dev/null)" = MASTER ] && systemctl is-active --quiet keepalived.service; then exit 0; fi
sleep 0.2
done
shift
for a; do
ip -o -4 address show to "$a/32" | while read -r index interface family address rest; do
ip address del "$address" dev "$interface" || exit 1
done || exit
done`, append([]string{spec.Name}, spec.ips()...)...))
}

func removeFileStep(node, path string) Step {
	return step(node, "remove "+path, path+" is left over", func(ctx context.Context, h *host.Host) error {
		return h.RemoveFile(ctx, path)
	})
}

// electionTime is how long machines that are fit need until one of them holds
// the address: their checks count as passed, three advertisements are missed.
func (s Spec) electionTime() time.Duration {
	seconds := s.Check.IntervalSeconds*s.Check.Rise + s.Check.TimeoutSeconds + 4*s.AdvertisementIntervalSeconds + 3
	return time.Duration(seconds) * time.Second
}

// settleStep waits for one holder. If none appears although there are machines
// that could be, their Keepalived is started anew: it then asks its check again.
func settleStep(spec Spec, fit []string, why string) Step {
	return Step{Title: "wait for one holder of " + spec.ip(), Why: why, Do: func(ctx context.Context, hosts host.Hosts) error {
		err := waitForHolder(ctx, hosts.Views(), spec, spec.electionTime(), 1)
		if err == nil || len(fit) == 0 {
			return err
		}
		if err := hosts[fit[0]].RestartUnit(ctx, unitName); err != nil {
			return err
		}
		return waitForHolder(ctx, hosts.Views(), spec, spec.electionTime(), 1)
	}}
}

// completeStep gives a holder what it lacks: Keepalived configures its addresses
// only when it becomes master. Another machine takes all of them meanwhile.
func completeStep(node string, lacking []string) Step {
	why := fmt.Sprintf("it holds the floating IP without %s", strings.Join(lacking, ", "))
	return step(node, "restart keepalived", why, func(ctx context.Context, h *host.Host) error {
		return h.RestartUnit(ctx, unitName)
	})
}

// successorStep waits until another machine stands ready to take the address.
func successorStep(spec Spec, others []string) Step {
	return Step{Title: "wait for a machine that can take over " + spec.ip(), Do: func(ctx context.Context, hosts host.Hosts) error {
		return reconcile.WaitAtMost(ctx, spec.electionTime(), "a machine that can take over "+spec.ip(), pollInterval, func(ctx context.Context) (string, error) {
			reason := ""
			for _, name := range others {
				answers, err := hosts[name].Ask(ctx, askRole(spec))
				if err != nil {
					return "", err
				}
				if role := answers["role"].Out; role == "BACKUP" || role == "MASTER" {
					return "", nil
				}
				reason = "keepalived is neither backup nor master on " + strings.Join(others, ", ")
			}
			return reason, nil
		})
	}}
}
