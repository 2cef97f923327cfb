package floatingip

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// removeText takes one floating IP from a machine. What several share goes with
// the last marker: another floating IP may be on its way and have no more than
// that. Arguments are the name, the table, our marker, what other tiers read and the addresses.
const removeText shell.Text = `: keepalived-remove
set -eu; umask 022
mkdir -p /run/terraform-ha
exec 9>/run/terraform-ha/keepalived.lock; flock 9
main=/etc/keepalived/keepalived.conf
rm -f -- "/etc/keepalived/conf.d/terraform-ha-$1.conf"
others=no
for m in /var/lib/terraform-ha/floating-ip-*.json; do [ ! -e "$m" ] || [ "$m" = "$3" ] || others=yes; done
if [ "$others" = yes ]; then
! systemctl is-active --quiet keepalived.service || systemctl reload keepalived.service
else
if head -n 1 "$main" 2>/dev/null | grep -q '^# Managed by terraform-provider-ha '; then
systemctl disable --quiet --now keepalived.service 2>/dev/null || ! systemctl is-active --quiet keepalived.service
rm -f -- "$main"
rmdir /etc/keepalived/conf.d 2>/dev/null || true
fi
rm -f /etc/systemd/system/keepalived.service.d/terraform-ha.conf /etc/systemd/system/nftables.service.d/terraform-ha-vrrp.conf
rmdir /etc/systemd/system/keepalived.service.d /etc/systemd/system/nftables.service.d 2>/dev/null || true
systemctl daemon-reload
for s in filters prepare loaded release; do rm -f "/usr/lib/terraform-ha/keepalived-$s"; done
rm -rf /run/terraform-ha/vrrp /run/terraform-ha/keepalived-loaded
fi
rm -f -- "/usr/lib/terraform-ha/check-$1" "/usr/lib/terraform-ha/role-$1" "/etc/terraform-ha/vrrp/$1.nft"
rm -f -- "/run/terraform-ha/vrrp/$1" "/run/terraform-ha/vrrp/$1.rank" "/run/terraform-ha/vrrp/$1.since"
rmdir /usr/lib/terraform-ha /etc/terraform-ha/vrrp /etc/terraform-ha 2>/dev/null || true
! nft list table inet "$2" >/dev/null 2>&1 || nft delete table inet "$2"
# Keepalived reloads on its own time; what it leaves behind is ours to remove.
marker=$3 holder=$4; shift 4
for a; do
for try in 1 2 3 4 5 6 7 8 9 10; do [ -n "$(ip -o -4 address show to "$a/32")" ] || break; sleep 0.2; done
ip -o -4 address show to "$a/32" | while read -r index interface family address rest; do ip address del "$address" dev "$interface"; done
done
rm -f -- "$holder" "$marker"`

// Remove returns the plan that takes the floating IP from its machines, the
// holder last so that the address does not wander. The software stays, and so
// does what other floating IPs use. A floating IP has no data, so wipe makes no
// difference. Machines that do not answer are left out; [Status.Unreachable]
// names them.
func Remove(spec Spec, status Status, _ bool) (Plan, error) {
	if spec.Address == "" {
		spec, _ = status.Spec(spec)
	}
	spec = spec.Defaulted()
	var plan Plan
	var first, last []Lane
	for _, name := range status.names(func(m Machine) bool { return m.Reachable() && leavesTraces(spec, m) }) {
		lane := Lane{removeStep(name, spec)}
		if slices.Contains(status.Holders, name) {
			last = append(last, lane)
		} else {
			first = append(first, lane)
		}
	}
	plan.Parallel("remove from the machines without the address", first...)
	plan.Parallel("remove from the holder", last...)
	if !plan.Empty() {
		plan.Serial("verify", goneStep(spec, status))
	}
	return plan, nil
}

func leavesTraces(spec Spec, machine Machine) bool {
	return machine.Ours(spec.Name) || machine.Firewall.Loaded ||
		machine.Files[checkPath(spec.Name)].Exists || machine.Files[firewallPath(spec.Name)].Exists
}

func removeStep(node string, spec Spec) Step {
	return script(node, "remove floating IP "+spec.ip(), "", shell.Script(removeText,
		append([]string{spec.Name, tableName(spec.Name), spec.marker().Path(), spec.holder().Path()}, spec.ips()...)...))
}

// goneStep makes sure that no machine that answered before has the address.
func goneStep(spec Spec, status Status) Step {
	unreachable := status.Unreachable()
	what := "the end of " + spec.ip()
	return Step{Title: "wait for " + what, Do: func(ctx context.Context, hosts host.Hosts) error {
		views := hosts.Views()
		for _, name := range unreachable {
			delete(views, name)
		}
		return reconcile.WaitAtMost(ctx, 15*time.Second, what, pollInterval, func(ctx context.Context) (string, error) {
			var holders []string
			for name, seen := range host.Look(ctx, views, heldAddresses) {
				if seen.Err != nil {
					return "", seen.Err
				}
				if len(Machine{Addresses: seen.Value}.held(spec.ips())) > 0 {
					holders = append(holders, name)
				}
			}
			if len(holders) == 0 {
				return "", nil
			}
			slices.Sort(holders)
			return fmt.Sprintf("%s still has it", strings.Join(holders, ", ")), nil
		})
	}}
}

func heldAddresses(ctx context.Context, view host.View) ([]Held, error) {
	answers, err := view.Ask(ctx, shell.Ask("addresses", `: keepalived-addresses
ip -j address show`))
	if err != nil {
		return nil, err
	}
	return parseAddresses(answers["addresses"].Out)
}
