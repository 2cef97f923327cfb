package gluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// rejoin plans to take machines into the pool again that were rebuilt at their
// addresses. The pool refuses an identity that it does not know at an address that
// it does, so the machine gets back what it had on its disk as a member: its
// identity and the list of its peers. It connects to them when it starts, as after
// any reboot, and they hand it the volumes. (To probe a member instead can leave
// both sides in "Sent and Received peer request" for ever, release 10.3.)
func (d *differ) rejoin(plan *Plan) {
	for _, ill := range d.sick {
		node := ill.node.Name
		if !ill.outside || ill.refused != nil || len(lacking(d.spec.packages(), d.status.Nodes[node].Packages)) > 0 {
			continue
		}
		plan.Serial("rejoin",
			Step{Node: node, Title: "give it its place in the pool back", Why: ill.why, Do: restoreMembership(node, d.membership(ill.node))},
			Step{Node: node, Title: "write glusterd.vol", Do: writeFile(node, d.spec.daemonFile())},
			Step{Node: node, Title: "start glusterd", Do: startDaemon(node, "restart")},
			Step{Title: "wait until the pool has taken it in", Do: waitMembership(d.spec, append(names(d.members()), node), node)})
	}
}

// membership is what a member has on its disk: its identity, the version that the
// pool runs with, and identity and address of each other member.
func (d *differ) membership(node host.Node) []string {
	leader := d.leader()
	seen := d.status.Nodes[leader.Name]
	identity := d.identityOf(node)
	words := []string{identity, seen.Version, seen.UUID, leader.Address}
	for _, peer := range seen.Peers {
		if peer.UUID != identity {
			words = append(words, peer.UUID, d.addressOf(peer))
		}
	}
	return words
}

// addressOf is how a peer is known, if possible by the address of its brick.
func (d *differ) addressOf(peer Peer) string {
	for _, node := range d.spec.Nodes {
		if slices.Contains(peer.Names, node.Address) {
			return node.Address
		}
	}
	return peer.Names[0]
}

// restoreMembership is for a glusterd that has neither peers nor volumes. The peers
// come last and at once: without them the machine is seen to have none.
func restoreMembership(node string, membership []string) act {
	return run(node, "restore the membership of glusterd", shell.Script(`: gluster-restore-membership
set -e
d=/var/lib/glusterd
[ -z "$(ls -A "$d/vols" "$d/peers" 2>/dev/null | grep -v -e : -e '^$')" ] || { echo "it has peers or volumes of its own" >&2; exit 1; }
systemctl stop glusterd
rm -rf -- "$d/peers.new"
mkdir -p "$d/peers" "$d/peers.new"
printf 'UUID=%s\noperating-version=%s\n' "$1" "$2" >"$d/glusterd.info.new"
mv -f "$d/glusterd.info.new" "$d/glusterd.info"
shift 2
while [ $# -gt 1 ]; do printf 'uuid=%s\nstate=3\nhostname1=%s\n' "$1" "$2" >"$d/peers.new/$1"; shift 2; done
rmdir "$d/peers"
mv "$d/peers.new" "$d/peers"`, membership...))
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
		// A glusterd that was told of the volume while the directory was missing does
		// not know the brick as its own ("When destination brick is new", release
		// 10.3), and one that has read the volume from its disk does.
		plan.Serial("brick",
			Step{Title: "wait until the others of the set have all files", Do: waitVouched(d.spec, ill.node)},
			Step{Node: node, Title: "restart glusterd", Do: startDaemon(node, "restart")},
			Step{Title: "wait until all peers are connected", Do: waitPeers(d.spec, names(d.members()))},
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
		result, err := hosts[name].Run(ctx, shell.Script(askBlame, volumeFile(spec.Name), spec.pathOf(name), lost))
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

// volumeFile is what clients in the pool mount the volume by.
func volumeFile(volume string) string {
	return "/var/lib/glusterd/vols/" + volume + "/trusted-" + volume + ".tcp-fuse.vol"
}

// askBlame counts the entries of a brick that it holds against others than the brick
// $3, which is named as GlusterFS does. The index of what is to be healed has a name
// for each entry, and the entry an attribute for each other brick, whose name the
// volume file has (xlators/cluster/afr). An entry may be a symbolic link or be
// reached by one, so attributes are read both ways.
const askBlame shell.Text = `: gluster-blame
file=$1; p=$2; lost=$3
x=$(awk -v lost="$lost" '
/^volume /{ name = $2; h = s = px = "" }
$2 == "remote-host" { h = $3 } $2 == "remote-subvolume" { s = $3 } $2 == "afr-pending-xattr" { px = $3 }
/^end-volume/{ if (s != "" && h ":" s == lost) client = name }
$1 == "subvolumes" && px != "" { split(px, x, ","); for (i = 2; i <= NF; i++) if ($i == client) { print x[i - 1]; exit } }
' "$file")
[ -n "$x" ] || { echo "the volume file does not name $lost" >&2; exit 1; }
cd "$p/.glusterfs/indices/xattrop" || exit 1
list() { ls | sed -n 's,^\(..\)\(..\)\(....-....*\)$,../../\1/\2/\1\2\3,p'; }
for how in -h --; do
list | xargs -r getfattr -d -m '^trusted\.afr\.' -e hex $how 2>/dev/null
done | awk -F= -v x="trusted.afr.$x" '
/^# file: / { f = $0 }
/^trusted\.afr\./ && $1 != x && $1 != "trusted.afr.dirty" && substr($2, 3) ~ /[1-9a-f]/ && !seen[f]++ { n++ }
END { print n + 0 }'
`
