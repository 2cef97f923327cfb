package floatingip

import (
	"context"
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// runCheckText runs the check as Keepalived does: as its user, with a limit.
const runCheckText shell.Text = `: keepalived-check
[ -x "$1" ] || exit 0
id -u "$3" >/dev/null 2>&1 || exit 0
out=$(setpriv --reuid="$3" --regid="$3" --clear-groups timeout "$2" "$1" 2>&1)
printf '%s\n%s\n' "$?" "$out"`

// takenText asks whether somebody has the address, while this machine is none of the
// floating IP's: its own holder would answer otherwise. An entry of the neighbours that
// nobody has confirmed says nothing (ip-neighbour(8)), and neither does one that was
// confirmed before the question: it stays reachable for half a minute after the address
// has gone.
const takenText shell.Text = `: keepalived-taken
[ -n "$1" ] && [ ! -e "$2" ] && [ -z "$(ip -o -4 address show to "$1/32")" ] || exit 0
before=$(ip neigh show to "$1")
ping -c 1 -w 1 "$1" >/dev/null 2>&1 && answered=yes || answered=no
case $answered$before in no*REACHABLE*) exit 0 ;; esac
ip neigh show to "$1" | while read -r _ _ interface word address state; do
[ "$word" = lladdr ] || continue
case $answered$state in yes* | *REACHABLE*) echo "$address $interface" ;; esac
done`

// Observe looks at every machine in one round trip each. It changes nothing.
// Given a name only, as on import, it finds the rest in the markers; see
// [Status.Spec].
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	spec = spec.Defaulted()
	status := Status{Machines: map[string]Machine{}}
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (Machine, error) {
		answers, err := view.Ask(ctx, questions(spec)...)
		if err != nil {
			return Machine{}, fmt.Errorf("cannot observe floating IP %s on %s: %w", spec.Name, view.Name(), err)
		}
		return parseMachine(answers)
	})
	for name, s := range seen {
		machine := s.Value
		machine.Err = s.Err
		status.Machines[name] = machine
	}
	wanted := spec
	if spec.Address == "" {
		wanted, _ = status.Spec(spec)
	}
	status.Holders = status.names(func(m Machine) bool { return len(m.held(wanted.ips())) > 0 })
	return status
}

func questions(spec Spec) []shell.Part {
	return []shell.Part{
		host.AskFacts("facts"),
		host.AskPackages("packages", "keepalived", "nftables", "iputils-ping", "curl"),
		host.AskUnits("units", unitName),
		host.AskFiles("files", observedPaths(spec)...),
		shell.Ask("marker", `: keepalived-marker
cat -- "$1"`, spec.marker().Path()),
		shell.Ask("sent", `: keepalived-sent
sed -n '/^vrrp_instance /,$p' "$1" 2>/dev/null | sha256sum`, instancePath(spec.Name)),
		// A file of comments only is what a package or a person left empty.
		shell.Ask("main", `: keepalived-main
[ -e "$1" ] || { echo nobody; exit 0; }
awk 'NR == 1 && /^# Managed by terraform-provider-ha / { ours = 1 }
/^[ \t]*[^#! \t]/ { used = 1 }
END { print used ? ours ? "ours" : "foreign" : "nobody" }' "$1"`, mainPath),
		shell.Ask("taken", takenText, spec.ip(), spec.marker().Path()),
		shell.Ask("user", `: keepalived-user
id -u "$1"`, scriptUser),
		shell.Ask("addresses", `: keepalived-addresses
ip -j address show`),
		shell.Ask("others", `: keepalived-others
for f in /etc/keepalived/conf.d/*.conf; do
[ -e "$f" ] && [ "$f" != "$1" ] || continue
awk -v file="$f" '
$1 == "vrrp_instance" { name = $2; i = "" }
$1 == "interface" { i = $2 }
$1 == "virtual_router_id" { print file, i == "" ? "-" : i, $2 }' "$f"
done`, instancePath(spec.Name)),
		shell.Ask("firewall", `: keepalived-firewall
nft -j list table inet "$1"`, tableName(spec.Name)),
		askRole(spec),
		shell.Ask("read", `: keepalived-read
IFS= read -r read </run/terraform-ha/keepalived-loaded || exit 0
now=$(cat /etc/keepalived/keepalived.conf /etc/keepalived/conf.d/*.conf 2>/dev/null | sha256sum)
[ "$read" = "$now" ] && echo current || echo stale`),
		askCheck(spec),
	}
}

func askCheck(spec Spec) shell.Part {
	return shell.Ask("check", runCheckText, checkPath(spec.Name), fmt.Sprint(max(1, spec.Check.TimeoutSeconds)), scriptUser)
}

func observedPaths(spec Spec) []string {
	paths := []string{spec.marker().Path(), spec.holder().Path(), mainPath, instancePath(spec.Name), firewallPath(spec.Name), checkPath(spec.Name), rolePath(spec.Name)}
	for _, file := range sharedFiles() {
		paths = append(paths, file.Path)
	}
	return paths
}
