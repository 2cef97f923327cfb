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
// information is a real client's view of all bricks. To become a client is the
// dearest of all questions, so a plan asks the first machine only, and another one
// where that cannot tell; [Verify] asks every one.
func Observe(ctx context.Context, views host.Views, spec Spec) Status {
	first := ""
	for _, node := range spec.Nodes {
		if first == "" || node.Name < first {
			first = node.Name
		}
	}
	status := look(ctx, views, spec, func(name string) bool { return name == first })
	if seen := status.Nodes[first]; !seen.canAsk(spec.Name) || seen.HealErr != nil {
		askAnyClient(ctx, views, spec, status)
	}
	return status
}

// canAsk reports whether a machine can be asked as a client of a volume.
func (n Node) canAsk(volume string) bool {
	v, found := n.volume(volume)
	return n.answers() && found && v.State == volumeStarted
}

// askAnyClient asks the first machine that can for a client's view, if none has
// given one yet.
func askAnyClient(ctx context.Context, views host.Views, spec Spec, status Status) {
	for _, name := range status.Names() {
		seen := status.Nodes[name]
		if seen.AskedAsClient || !seen.canAsk(spec.Name) {
			continue
		}
		answers, err := views[name].Ask(ctx, askHeal(spec.Name))
		if err != nil {
			continue
		}
		if seen.hear(answers); len(seen.Heal) > 0 {
			status.Nodes[name] = seen
			return
		}
	}
}

func look(ctx context.Context, views host.Views, spec Spec, asClient func(name string) bool) Status {
	seen := host.Look(ctx, views, func(ctx context.Context, view host.View) (Node, error) {
		return observeNode(ctx, view, spec, asClient(view.Name()))
	})
	status := Status{Nodes: map[string]Node{}}
	for name, node := range seen {
		node.Value.Err = node.Err
		status.Nodes[name] = node.Value
	}
	return status
}

func observeNode(ctx context.Context, view host.View, spec Spec, asClient bool) (Node, error) {
	marker := spec.marker("", nil).Path()
	files := append([]string{daemonFile, dropInFile, shutdownFile, marker}, spec.firewall(spec.Name, nil, nil).Paths()...)
	files = append(files, spec.diskPaths(view.Name())...)
	questions := []shell.Part{
		host.AskFacts("facts"),
		host.AskPackages("packages", append(packages(), host.FirewallPackage)...),
		host.AskUnits("units", append([]string{daemonUnit, shutdownUnit}, spec.diskUnit(view.Name())...)...),
		host.AskFiles("files", files...),
		host.AskFirewall("filter", markerKind),
		host.AskFirewallSources("sources", markerKind),
		shell.Ask("names", askNames, spec.names()...),
		shell.Ask("marker", `: gluster-marker
[ ! -e "$1" ] || cat -- "$1"`, marker),
		shell.Ask("identity", `: gluster-identity
cat /var/lib/glusterd/glusterd.info`),
		shell.Ask("brick", askBrick, spec.Name, spec.pathOf(view.Name())),
		// One program for both: to start it is most of what either costs. While it
		// reads commands it waits for a glusterd that is not there, so that is asked first.
		shell.Ask("pool", `: gluster-pool
kill -0 "$(cat /var/run/glusterd.pid)" || { echo 'glusterd is not running'; exit 1; }
printf 'peer status\nvolume info\n' | PYTHONHOME=`+noPython+` timeout 20 gluster --mode=script --xml`),
	}
	if asClient {
		questions = append(questions, askHeal(spec.Name))
	}
	answers, err := view.Ask(ctx, append(questions, spec.askDisk(view.Name())...)...)
	if err != nil {
		return Node{}, err
	}
	node := parseNode(answers)
	if d, found := spec.disk(view.Name()); found {
		node.Disk = d.Parse(answers["disk"], host.ParseUnits(answers["units"]), node.Files)
	}
	return node, nil
}

// askHeal asks for what a client on the machine sees. Without the test, the
// question costs a failed connection on every machine whose volume is stopped or
// not there.
func askHeal(volume string) shell.Part {
	return shell.Ask("heal", `: gluster-heal
grep -qx status=1 "/var/lib/glusterd/vols/$1/info" || exit 0
PYTHONHOME=`+noPython+` timeout 20 gluster --mode=script --xml volume heal "$1" info summary`, volume)
}

// hear takes the answer to [askHeal] in.
func (n *Node) hear(answers shell.Answers) {
	_, n.AskedAsClient = answers["heal"]
	if heal := answers["heal"]; heal.Out != "" || heal.Status != 0 {
		output, err := parseOutput(heal.Out)
		n.Heal, n.HealErr = output.heal(), err
	}
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
for f in /var/lib/terraform-ha/gluster-*.json; do
[ -e "$f" ] && [ "$f" != "/var/lib/terraform-ha/gluster-$v.json" ] || continue
echo 'others yes'
grep -q '"firewall": "managed"' "$f" && { f=${f##*/gluster-}; printf 'managed %s\n' "${f%.json}"; }
done
[ -n "$p" ] || exit 0
printf 'path %s\n' "$p"
d=$p; while [ ! -e "$d" ]; do d=${d%/*}; d=${d:-/}; done
stat -c '%d %m' -- "$d" / | { read -r disk mount; read -r root _; printf 'mount %s\n' "$mount"; [ "$disk" != "$root" ] || echo 'root yes'; }
if [ -d "$p" ]; then
echo 'exists yes'
if [ -n "$(find "$p" -mindepth 1 -maxdepth 1 ! -name '.glusterfs*' -print -quit)" ]; then printf 'content yes\nnames yes\n'
elif [ -n "$(find "$p" -mindepth 1 -maxdepth 1 ! -name .glusterfs -print -quit)" ]; then echo 'content yes'; fi
[ ! -e "$p/.glusterfs" ] || echo 'internal yes'
elif [ -e "$p" ]; then
printf 'exists yes\ncontent yes\n'
fi
command -v getfattr >/dev/null || exit 0
echo 'attributes yes'
set -- "$p"; d=$p
while [ "$d" != / ]; do d=${d%/*}; d=${d:-/}; set -- "$@" "$d"; done
for name in trusted.glusterfs.volume-id trusted.gfid; do
getfattr --absolute-names -n "$name" -e hex -- "$@"
done | awk -v p="$p" '
/^# file: / { f = substr($0, 9); next }
f != p { if ($0 != "" && !seen[f]++) print "parent", f; next }
sub(/^trusted\.gfid=0x/, "") { print "gfid", $0 }
sub(/^trusted\.glusterfs\.volume-id=0x/, "") { print "volume-id", $0 }'`

func parseNode(answers shell.Answers) Node {
	units := host.ParseUnits(answers["units"])
	node := Node{
		Facts:     host.ParseFacts(answers["facts"]),
		Packages:  host.ParsePackages(answers["packages"]),
		Unheld:    host.ParseUnheld(answers["packages"]),
		Daemon:    units[daemonUnit],
		Shutdown:  units[shutdownUnit],
		Files:     host.ParseFiles(answers["files"]),
		Filter:    host.ParseFirewall(answers["filter"]),
		Sources:   host.ParseFirewallSources(answers["sources"]),
		Addresses: parseNames(answers["names"].Out),
		Marker:    parseMarker(answers["marker"].Out),
		UUID:      parseIdentity(answers["identity"].Out, "UUID"),
		Version:   parseIdentity(answers["identity"].Out, "operating-version"),
	}
	node.Brick, node.Defined, node.Managed = parseBrick(answers["brick"].Out)
	var pool cliOutput
	pool, node.CLI = parseOutputs(answers["pool"].Out, 2)
	node.Peers, node.Volumes = pool.peers(), pool.volumes()
	node.hear(answers)
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

func parseIdentity(text, key string) string {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), key+"="); found {
			return value
		}
	}
	return ""
}
