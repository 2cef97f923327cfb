package gluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

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
