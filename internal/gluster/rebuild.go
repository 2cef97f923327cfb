package gluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// rejoin plans to take machines into the pool again that were rebuilt at their
// addresses. The pool refuses an identity that it does not know at an address that
// it does, so the machine gets the old one from a member, and probes that member:
// it is told of the pool then, and after a restart of the volumes.
func (d *differ) rejoin(plan *Plan) {
	for _, ill := range d.sick {
		node := ill.node.Name
		seen := d.status.Nodes[node]
		if !ill.outside || ill.refused != nil || len(lacking(seen.Packages)) > 0 {
			continue
		}
		leader := d.leader()
		identity, version := d.identityOf(ill.node), d.status.Nodes[leader.Name].Version
		var steps []Step
		if seen.UUID != identity {
			steps = append(steps, Step{Node: node, Title: "give it its identity in the pool back", Why: ill.why, Do: restoreIdentity(node, identity, version)})
		}
		plan.Serial("rejoin", append(steps,
			Step{Node: node, Title: "write glusterd.vol", Do: writeFile(node, d.spec.daemonFile())},
			Step{Node: node, Title: "start glusterd", Do: startDaemon(node, "restart")},
			Step{Node: node, Title: "join the pool again", Why: ill.why, Do: probe(node, leader.Address)},
			Step{Node: node, Title: "restart glusterd", Do: startDaemon(node, "restart")},
			Step{Title: "wait until all peers are connected", Do: waitMembership(d.spec, append(names(d.members()), node), node)})...)
	}
}

// restoreIdentity is for a glusterd that has neither peers nor volumes.
func restoreIdentity(node, identity, version string) act {
	return run(node, "restore the identity of glusterd", shell.Script(`: gluster-restore-identity
set -e
d=/var/lib/glusterd
[ -z "$(ls -A "$d/vols" "$d/peers" 2>/dev/null | grep -v -e : -e '^$')" ] || { echo "it has peers or volumes of its own" >&2; exit 1; }
systemctl stop glusterd
mkdir -p "$d"
printf 'UUID=%s\noperating-version=%s\n' "$1" "$2" >"$d/glusterd.info.new"
mv -f "$d/glusterd.info.new" "$d/glusterd.info"`, identity, version))
}

// waitMembership waits until a machine is a member and knows the volume.
func waitMembership(spec Spec, members []string, node string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return watch{limit: peerLimit, what: "the pool to take " + node + " in", reason: func(status Status) string {
			if reason := peerReason(status, members); reason != "" {
				return reason
			}
			if _, found := status.Nodes[node].volume(spec.Name); !found {
				return node + " does not know the volume yet"
			}
			return ""
		}}.wait(ctx, hosts.Views(), spec)
	}
}

// remakeBricks plans to make lost bricks anew, empty; the others of the set fill them.
func (d *differ) remakeBricks(plan *Plan) {
	for _, ill := range d.sick {
		if ill.outside || ill.refused != nil {
			continue
		}
		node, brick := ill.node.Name, d.spec.brick(ill.node)
		leader := d.leader().Name
		plan.Serial("brick",
			Step{Title: "wait until the others of the set have all files", Do: waitVouched(d.spec, ill.node)},
			Step{Node: node, Title: "take the lost brick out", Why: ill.why,
				Do: inTransaction(leader, "volume", "reset-brick", d.spec.Name, brick, "start")},
			Step{Node: node, Title: "make the brick directory anew", Do: remakeBrick(node, d.spec.pathOf(node))},
			Step{Node: node, Title: "put the brick in again",
				Do: inTransaction(leader, "volume", "reset-brick", d.spec.Name, brick, brick, "commit", "force")},
			Step{Title: "wait until the bricks are connected", Do: waitServing(d.spec, append(names(d.reached), node))})
	}
}

// remakeBrick makes a directory that nobody used of one that clients see nothing in.
func remakeBrick(node, path string) act {
	return run(node, "make the brick directory anew", shell.Script(`: gluster-remake-brick
set -e
p=$1
if [ -e "$p" ]; then
[ -z "$(find "$p" -mindepth 1 -maxdepth 1 ! -name '.glusterfs*' -print -quit)" ] || { echo "$p holds data" >&2; exit 1; }
find "$p" -xdev -mindepth 1 -delete
getfattr --absolute-names -d -m '^trusted\.' -- "$p" 2>/dev/null | sed -n 's/^\(trusted\.[^=]*\).*/\1/p' | while read -r a; do setfattr -x "$a" -- "$p"; done
fi
mkdir -p -- "$p"`, path))
}

// waitVouched waits until every other member of a node's set is served and has
// nothing to be healed but on that node. The empty brick counts for the majority as
// soon as it is in, so nothing may depend on what the lost one knew.
func waitVouched(spec Spec, node host.Node) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		var others []string
		for _, other := range spec.set(node) {
			if other != node {
				others = append(others, other.Name)
			}
		}
		return watch{
			limit: healLimit, what: "the other bricks of the set to have all files",
			reason: func(status Status) string { return processReason(status, others) },
			client: clientWatch{interval: healInterval, reason: func(status Status) string {
				for _, name := range status.Names() {
					if status.Nodes[name].AskedAsClient {
						if reason := serveReason(spec, status, []string{name}, others); reason != "" {
							return reason
						}
						return blameReason(ctx, hosts, spec, others, spec.brick(node))
					}
				}
				return "no machine can be asked as a client"
			}},
		}.wait(ctx, hosts.Views(), spec)
	}
}

// blameReason says which brick has entries that are to be healed on another one than
// the lost brick.
func blameReason(ctx context.Context, hosts host.Hosts, spec Spec, others []string, lost string) string {
	for _, name := range others {
		result, err := hosts[name].Run(ctx, shell.Script(askBlame, spec.Name, spec.pathOf(name), lost))
		if err != nil {
			return fmt.Sprintf("cannot look for what is to be healed on %s: %v", name, err)
		}
		count, err := strconv.Atoi(strings.TrimSpace(string(result.Stdout)))
		switch {
		case err != nil:
			return fmt.Sprintf("what is to be healed on %s cannot be read: %q", name, result.Stdout)
		case count > 0:
			return fmt.Sprintf("%d entries of %s are still to be healed on others than the lost brick", count, name)
		}
	}
	return ""
}

// askBlame counts the entries of a brick that it holds against others than the brick
// $3, which is named as GlusterFS does. The index of what is to be healed has a name
// for each entry, and the entry an attribute for each other brick, whose name the
// volume file has (xlators/cluster/afr). An entry may be a symbolic link or be
// reached by one, so attributes are read both ways.
const askBlame shell.Text = `: gluster-blame
v=$1; p=$2; lost=$3
x=$(awk -v lost="$lost" '
/^volume /{ name = $2; h = s = px = "" }
$2 == "remote-host" { h = $3 } $2 == "remote-subvolume" { s = $3 } $2 == "afr-pending-xattr" { px = $3 }
/^end-volume/{ if (s != "" && h ":" s == lost) client = name }
$1 == "subvolumes" && px != "" { split(px, x, ","); for (i = 2; i <= NF; i++) if ($i == client) { print x[i - 1]; exit } }
' "/var/lib/glusterd/vols/$v/trusted-$v.tcp-fuse.vol")
[ -n "$x" ] || { echo "the volume file does not name $lost" >&2; exit 1; }
cd "$p/.glusterfs/indices/xattrop" || exit 1
list() { ls | sed -n 's,^\(..\)\(..\)\(....-....*\)$,../..///,p'; }
for how in -h --; do
list | xargs -r getfattr -d -m '^trusted\.afr\.' -e hex $how 2>/dev/null
done | awk -F= -v x="trusted.afr.$x" '
/^# file: / { f = $0 }
/^trusted\.afr\./ && $1 != x && $1 != "trusted.afr.dirty" && substr($2, 3) ~ /[1-9a-f]/ && !seen[f]++ { n++ }
END { print n + 0 }'
`
