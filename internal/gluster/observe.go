package gluster

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const daemonUnit = "glusterd"

// Observe looks at the volume on every machine, with one command each. With
// only a name in spec, as on import, the brick's path is taken from the volume.
//
// "volume status" is not asked for: it takes the volume's lock in the whole pool,
// so that machines asked at the same time get in each other's way, and leaves out
// the bricks of lost peers. Each machine sees its own processes, and the heal
// information is a real client's view of all bricks.
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (Node, error) {
		return observeNode(ctx, view, spec)
	})
	status := Status{Nodes: map[string]Node{}}
	for name, node := range seen {
		node.Value.Err = node.Err
		status.Nodes[name] = node.Value
	}
	return status
}

func observeNode(ctx context.Context, view host.View, spec Spec) (Node, error) {
	marker := spec.marker(nil).Path()
	answers, err := view.Ask(ctx,
		host.AskFacts("facts"),
		host.AskPackages("packages", packages()...),
		host.AskUnits("units", daemonUnit),
		host.AskFiles("files", daemonFile, dropInFile, marker),
		shell.Ask("marker", `: gluster-marker
[ ! -e "$1" ] || cat -- "$1"`, marker),
		shell.Ask("identity", `: gluster-identity
cat /var/lib/glusterd/glusterd.info`),
		shell.Ask("brick", askBrick, spec.Name, spec.BrickPath),
		shell.Ask("peers", `: gluster-peers
timeout 20 gluster --mode=script --xml peer status 2>&1`),
		shell.Ask("volumes", `: gluster-volumes
timeout 20 gluster --mode=script --xml volume info 2>&1`),
		// Without the test, the question costs a failed connection on every
		// machine whose volume is stopped or not there.
		shell.Ask("heal", `: gluster-heal
grep -qx status=1 "/var/lib/glusterd/vols/$1/info" || exit 0
timeout 30 gluster --mode=script --xml volume heal "$1" info summary 2>&1`, spec.Name),
	)
	if err != nil {
		return Node{}, err
	}
	return parseNode(answers), nil
}

// askBrick prints facts about the brick's directory and processes, a word and a
// value each. A pid file alone proves nothing: it survives its process.
const askBrick shell.Text = `: gluster-brick
v=$1; p=$2
[ -e "/var/lib/glusterd/vols/$v/info" ] && echo 'defined yes'
if [ -z "$p" ]; then
own=$(sed -n 's/^UUID=//p' /var/lib/glusterd/glusterd.info)
for f in "/var/lib/glusterd/vols/$v/bricks/"*; do
grep -qx "uuid=$own" "$f" && p=$(sed -n 's/^path=//p' "$f")
done
fi
alive() { [ -e "$1" ] && tr '\0' '\n' <"/proc/$(cat "$1")/cmdline" 2>/dev/null; }
for f in "/var/run/gluster/vols/$v/"*.pid; do
args=$(alive "$f") || continue
case $args in */glusterfsd*"$v."*) echo 'running yes'; printf '%s\n' "$args" | sed -n '/^--brick-port$/{n;s/^/port /p;}' ;; esac
done
case $(alive "/var/run/gluster/shd/$v/$v-shd.pid") in */glusterfs*shd/*) echo 'healer yes' ;; esac
[ -n "$p" ] || exit 0
printf 'path %s\n' "$p"
d=$p; while [ ! -e "$d" ]; do d=$(dirname -- "$d"); done
printf 'mount %s\n' "$(findmnt -n -o TARGET -T "$d")"
[ "$(stat -c %d -- "$d")" != "$(stat -c %d /)" ] || echo 'root yes'
if [ -d "$p" ]; then
echo 'exists yes'
[ -z "$(find "$p" -mindepth 1 -maxdepth 1 ! -name .glusterfs -print -quit)" ] || echo 'content yes'
[ ! -e "$p/.glusterfs" ] || echo 'internal yes'
elif [ -e "$p" ]; then
printf 'exists yes\ncontent yes\n'
fi
command -v getfattr >/dev/null || exit 0
echo 'attributes yes'
attribute() { getfattr --absolute-names -n "$1" -e hex -- "$2" 2>/dev/null | sed -n 's/^trusted[^=]*=0x//p'; }
if [ -e "$p" ]; then
printf 'volume-id %s\ngfid %s\n' "$(attribute trusted.glusterfs.volume-id "$p")" "$(attribute trusted.gfid "$p")"
fi
while [ "$p" != / ]; do
p=$(dirname -- "$p")
[ -z "$(attribute trusted.glusterfs.volume-id "$p")$(attribute trusted.gfid "$p")" ] || printf 'parent %s\n' "$p"
done`

func parseNode(answers shell.Answers) Node {
	node := Node{
		Facts:    host.ParseFacts(answers["facts"]),
		Packages: host.ParsePackages(answers["packages"]),
		Daemon:   host.ParseUnits(answers["units"])[daemonUnit],
		Files:    host.ParseFiles(answers["files"]),
		Marker:   parseMarker(answers["marker"].Out),
		UUID:     parseIdentity(answers["identity"].Out),
	}
	node.Brick, node.Defined = parseBrick(answers["brick"].Out)
	peers, err := parseOutput(answers["peers"].Out)
	node.CLI, node.Peers = err, peers.peers()
	volumes, err := parseOutput(answers["volumes"].Out)
	node.Volumes = volumes.volumes()
	if node.CLI == nil {
		node.CLI = err
	}
	if said := answers["heal"].Out; said != "" {
		heal, err := parseOutput(said)
		node.Heal, node.HealErr = heal.heal(), err
	}
	return node
}

// parseMarker reads a marker; one that cannot be read is no marker of ours.
func parseMarker(text string) *host.Marker {
	var marker host.Marker
	if json.Unmarshal([]byte(text), &marker) != nil || marker.Kind != markerKind {
		return nil
	}
	return &marker
}

func parseIdentity(text string) string {
	for line := range strings.Lines(text) {
		if uuid, found := strings.CutPrefix(strings.TrimSpace(line), "UUID="); found {
			return uuid
		}
	}
	return ""
}
