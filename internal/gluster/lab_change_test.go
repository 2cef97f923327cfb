package gluster_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabSecondDayOfADeadServer replaces a dead server by a machine with another address
// under a client that writes files all the time and counts them afterwards.
func TestLabSecondDayOfADeadServer(t *testing.T) {
	labtest.SecondDay(t)
	l, spec, acknowledged := changing(t, 4)
	spec = l.replaced("replace a server that is dead", spec, "files3", "files4", true)
	acknowledged("replace a server that is dead")
	l.comesBack(spec, "files3")
	l.sameFiles(spec, "files1", "files2", "files4")
}

// TestLabSecondDay lets a volume grow and shrink under the same client, and replaces a
// server that is alive. Each step of the removal of three servers is cut short.
func TestLabSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	l, small, acknowledged := changing(t, 6, func(l *laboratory) { l.olderPool("files1", "files2", "files3") })
	l.raised(small)
	acknowledged("a higher operating version")
	spec := small
	spec.Nodes, spec.Order = slices.Clone(l.Nodes[:6]), nil
	l.converge("3 to 6 servers", spec)
	l.empty(spec)
	acknowledged("3 to 6 servers")
	l.removalBegun(spec)
	acknowledged("3 servers stay that were to leave")

	small.Leaving = slices.Clone(l.Nodes[3:6])
	l.convergeInPieces("6 to 3 servers", small)
	l.empty(small)
	acknowledged("6 to 3 servers")
	for _, gone := range small.Leaving {
		l.Run(gone.Name, "! systemctl is-active glusterd && [ -d "+spec.BrickPath+"/.glusterfs ] && [ ! -e /var/lib/terraform-ha/gluster-content.json ] && rm -rf /srv/gluster/content")
		delete(l.servers, gone.Name)
	}
	small.Leaving = nil
	small = l.replaced("replace a server that is alive", small, "files2", "files4", false)
	acknowledged("replace a server that is alive")
	l.sameFiles(small, "files1", "files4", "files3")
}

// inParts has the client write so many files into each directory, where it otherwise writes
// all into one. GlusterFS heals a directory name by name, beside whoever writes there.
func inParts(l *laboratory) { l.perDirectory = 200 }

// changing is a volume on the first three of so many servers, with files, and a client that
// writes.
func changing(t *testing.T, servers int, before ...func(*laboratory)) (*laboratory, gluster.Spec, func(what string)) {
	t.Helper()
	return changingOf(t, servers, func(*gluster.Spec) {}, before...)
}

// changingOf is the same with a volume of another kind.
func changingOf(t *testing.T, servers int, more func(*gluster.Spec), before ...func(*laboratory)) (*laboratory, gluster.Spec, func(what string)) {
	t.Helper()
	machines := []string{"files1", "files2", "files3", "files4", "files5", "files6"}[:servers]
	l := &laboratory{Lab: labtest.Boot(t, "gluster-change", append(machines, client)...), t: t, servers: host.Hosts{}}
	for _, name := range machines[:3] {
		l.servers[name] = l.Hosts[name]
	}
	spec := gluster.Spec{
		Name: "content", BrickPath: "/srv/gluster/content/brick", Profile: gluster.ProfileWeb, Clients: []string{l.Nodes[servers].Address},
		Nodes: l.Nodes[:3],
	}
	more(&spec)
	spec = spec.Defaulted()
	for _, prepare := range before {
		prepare(l)
	}
	status := l.converge("create", spec)
	volume, _ := status.Volume(spec.Name)
	spec.VolumeID = volume.ID
	for _, name := range machines {
		l.servers[name] = l.Hosts[name]
	}
	mount := spec.Mount()
	l.Run(client, "DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends glusterfs-client >/dev/null 2>&1; mkdir -p /srv/www && mount -t glusterfs -o "+mount.Options+" "+mount.Source+" /srv/www")
	l.Run(client, "mkdir /srv/www/many /srv/www/load && for i in $(seq 80); do head -c $((i * 100)) /dev/urandom >/srv/www/many/$i; done && ln -s many/1 /srv/www/link && cd /srv/www && sha256sum many/* >/tmp/many")
	return l, spec, l.writes()
}

// writes has the client write files, each synced before it counts as acknowledged, until
// the test ends. What it returns counts them, from a mount that has nothing in its caches.
func (l *laboratory) writes() (count func(what string)) {
	l.t.Helper()
	l.Run(client, `rm -f /tmp/ack /tmp/failed; touch /tmp/ack /tmp/failed; mkdir -p /srv/fresh; setsid sh -c 'i=0; while [ ! -e /tmp/end ]; do
i=$((i + 1)); head -c 3000 /dev/urandom >/tmp/one; d=load/$((i / `+strconv.Itoa(cmp.Or(l.perDirectory, 1_000_000))+`)); mkdir -p /srv/www/$d; f=$d/$i
if cp /tmp/one /srv/www/$f && sync /srv/www/$f; then echo "$(sha256sum </tmp/one | cut -d" " -f1)  $f" >>/tmp/ack; else echo $f >>/tmp/failed; fi
sleep 0.1; done' >/dev/null 2>&1 </dev/null &`)
	return func(what string) {
		l.t.Helper()
		source := l.Run(client, "findmnt -no SOURCE /srv/www | sed 's,^[^:]*:,,'")
		said := l.Run(client, `cp /tmp/ack /tmp/acked; mount -t glusterfs 10.88.0.11:`+source+` /srv/fresh && cd /srv/fresh; a=$(sha256sum -c /tmp/acked 2>/dev/null | grep -vc ": OK$"); b=$(sha256sum -c /tmp/many 2>/dev/null | grep -vc ": OK$"); [ "$(ls many | wc -l)" = 80 ] || b=$((b + 1)); [ -L link ] || b=$((b + 1)); cd /; umount /srv/fresh; echo "$(wc -l </tmp/acked) $((a + b)) $(wc -l </tmp/failed)"`)
		words := strings.Fields(said)
		if len(words) != 3 {
			l.t.Fatalf("counted %q", said)
		}
		l.t.Logf("COUNT %s: acknowledged %s files, lost %s, failed %s", what, words[0], words[1], words[2])
		if written, err := strconv.Atoi(words[0]); err != nil || written < 20 || words[1] != "0" || words[2] != "0" {
			l.t.Errorf("%s: acknowledged %s files, lost %s, failed %s", what, words[0], words[1], words[2])
		}
	}
}

// replaced has one machine take the place of another one.
func (l *laboratory) replaced(what string, spec gluster.Spec, node, machine string, dead bool) gluster.Spec {
	l.t.Helper()
	former := tier.FormerName(node)
	after := spec
	after.Nodes = slices.Clone(spec.Nodes)
	for i, was := range spec.Nodes {
		if was.Name == node {
			after.Leaving = []host.Node{{Name: former, Address: was.Address}}
			after.Nodes[i].Address = l.address(machine)
		}
	}
	if l.servers[former] = l.As(former, node); dead {
		l.must(l.PowerOff(node))
		delete(l.servers, former)
	}
	delete(l.servers, machine)
	l.servers[node] = l.As(node, machine)
	l.converge(what, after)
	l.empty(after)
	if !dead {
		l.Run(node, "! systemctl is-active glusterd && [ -d "+spec.BrickPath+"/load ]")
	}
	delete(l.servers, former)
	after.Leaving = nil
	l.healthy(after)
	return after
}

func (l *laboratory) address(machine string) string {
	for _, node := range l.Nodes {
		if node.Name == machine {
			return node.Address
		}
	}
	l.t.Fatalf("there is no machine %s", machine)
	return ""
}

// sameFiles ends the writes and compares the bricks of one set.
func (l *laboratory) sameFiles(spec gluster.Spec, machines ...string) {
	l.t.Helper()
	l.Run(client, "touch /tmp/end; sleep 1")
	l.healthy(spec)
	sums := map[string]string{}
	for _, machine := range machines {
		sums[machine] = l.Run(machine, "cd "+spec.BrickPath+" && find . -path ./.glusterfs -prune -o -type f -exec sha256sum {} + | sort -k2")
		if first := sums[machines[0]]; sums[machine] != first || strings.Count(first, "\n") < 100 {
			l.t.Errorf("the bricks of %s and %s differ:\n%s\n%s", machines[0], machine, first, sums[machine])
		}
	}
}

// comesBack switches on a server that another one has replaced meanwhile. It still has the
// volume, and starts its brick only where a peer agrees with it.
func (l *laboratory) comesBack(spec gluster.Spec, server string) {
	l.t.Helper()
	l.must(l.PowerOn(server))
	l.must(l.WaitBooted(server))
	l.Run(server, "until pidof glusterd; do sleep 0.5; done; for i in $(seq 30); do ! pidof glusterfsd || exit 1; sleep 1; done; grep -qx status=1 /var/lib/glusterd/vols/content/info")
	for _, node := range spec.Nodes {
		machine := node.Name
		if machine == server {
			machine = "files4"
		}
		l.Run(machine, "! gluster peer status | grep -q "+l.address(server)+" && ! ss -Htn state established | grep -q "+l.address(server))
	}
	l.empty(spec)
}

// removalBegun begins to remove the second set by hand, and has it stay.
func (l *laboratory) removalBegun(spec gluster.Spec) {
	l.t.Helper()
	bricks := ""
	for _, node := range spec.Nodes[3:] {
		bricks += " " + node.Address + ":" + spec.BrickPath
	}
	l.Run("files1", "gluster --mode=script volume remove-brick content"+bricks+" start")
	if out := l.observe(spec).Nodes["files1"].Decommissioned; len(out) != 3 {
		l.t.Errorf("on their way out are %q", out)
	}
	l.converge("keep a set that was to leave", spec)
	l.empty(spec)
	if out := l.observe(spec).Nodes["files1"].Decommissioned; len(out) != 0 {
		l.t.Errorf("still on their way out are %q", out)
	}
}
