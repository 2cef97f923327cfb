package gluster_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// TestLabServers takes servers out and in again under a client that reads and
// writes all the time.
func TestLabServers(t *testing.T) {
	labtest.Long(t)
	lab := bootLab(t)
	spec := gluster.Spec{
		Name: "content", BrickPath: "/srv/gluster/content/brick", Profile: gluster.ProfileWeb, Clients: []string{lab.Nodes[3].Address},
		Nodes: lab.Nodes[:3],
	}.Defaulted()
	status := lab.converge("create", spec)
	volume, _ := status.Volume(spec.Name)
	spec.VolumeID = volume.ID
	mount := spec.Mount()
	lab.Run(client, "DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends glusterfs-client >/dev/null 2>&1")
	lab.Run(client, "mkdir -p /srv/www && mount -t glusterfs -o "+mount.Options+" "+mount.Source+" /srv/www")

	lab.reboot(spec, "files1")
	lab.rebuild(spec, "files2")
	lab.emptied(spec, "files3")
}

// load writes and reads a file all the time. What it returns ends that, and gives
// the longest time that it took.
func (l *laboratory) load() func() time.Duration {
	l.t.Helper()
	l.Run(client, `rm -f /tmp/end /tmp/load; setsid sh -c 'while [ ! -e /tmp/end ]; do
a=$(date +%s%3N); echo "$a" >/srv/www/load && grep -qx "$a" /srv/www/load; s=$?; b=$(date +%s%3N)
echo "$((b - a)) $s"; sleep 0.02
done >/tmp/load; touch /tmp/ended' >/dev/null 2>&1 </dev/null &`)
	return func() time.Duration {
		l.t.Helper()
		l.Run(client, "touch /tmp/end; until [ -e /tmp/ended ]; do sleep 0.1; done; rm /tmp/ended")
		longest, requests := 0, 0
		for line := range strings.Lines(l.Run(client, "cat /tmp/load")) {
			took, status, _ := strings.Cut(strings.TrimSpace(line), " ")
			ms, err := strconv.Atoi(took)
			if err != nil || status != "0" {
				l.t.Errorf("a request took %s ms and ended with %s", took, status)
			}
			longest, requests = max(longest, ms), requests+1
		}
		if requests < 50 {
			l.t.Errorf("only %d requests were made", requests)
		}
		l.t.Logf("%d requests, the longest took %d ms", requests, longest)
		return time.Duration(longest) * time.Millisecond
	}
}

// reboot restarts a server in an orderly way, which no client may notice.
func (l *laboratory) reboot(spec gluster.Spec, server string) {
	l.t.Helper()
	end := l.load()
	l.must(l.Reboot(server))
	l.bootsFiltered(server)
	if longest := end(); longest > time.Second {
		l.t.Errorf("a request took %s while %s rebooted in an orderly way", longest, server)
	}
	l.healthy(spec)
	l.empty(spec)
}

// rebuild puts a machine without anything in the place of a server, under a client
// that goes on, and has it taken in again.
func (l *laboratory) rebuild(spec gluster.Spec, server string) {
	l.t.Helper()
	l.Run(client, "mkdir /srv/www/many && for i in $(seq 200); do head -c $((i * 100)) /dev/urandom >/srv/www/many/$i; done && ln -s many/1 /srv/www/link")
	// On a busy machine a server may lose another one for a moment; what the two then blame
	// each other for takes the third to be decided.
	l.healthy(spec)
	end := l.load()
	l.must(l.Rebuild(server))
	l.servers[server] = l.Hosts[server]
	l.Run(client, "for i in $(seq 201 220); do echo $i >/srv/www/many/$i; done")
	l.converge("take in a machine that was rebuilt", spec)
	longest := end()
	l.t.Logf("the longest request while %s was lost, rebuilt and taken in took %s", server, longest)
	l.sameBricks(spec)
	l.empty(spec)
}

// emptied removes what is in a brick behind its server's back.
func (l *laboratory) emptied(spec gluster.Spec, server string) {
	l.t.Helper()
	l.Run(server, "find "+spec.BrickPath+" -mindepth 1 -delete")
	l.converge("make a brick anew that was emptied", spec)
	l.sameBricks(spec)
	l.empty(spec)
}

// sameBricks waits until all is healed, and compares the bricks.
func (l *laboratory) sameBricks(spec gluster.Spec) {
	l.t.Helper()
	l.healthy(spec)
	sums := map[string]string{}
	for _, node := range spec.Nodes {
		sums[node.Name] = l.Run(node.Name, "cd "+spec.BrickPath+" && find . -path ./.glusterfs -prune -o -type f -exec sha256sum {} + | sort -k2 && find . -name '.glusterfs*' -prune -o -printf '%y %m %u %l %P\\n' | sort")
	}
	for _, node := range spec.Nodes[1:] {
		if first := sums[spec.Nodes[0].Name]; sums[node.Name] != first || strings.Count(first, "\n") < 400 {
			l.t.Errorf("%s and %s differ:\n%s\n%s", spec.Nodes[0].Name, node.Name, first, sums[node.Name])
		}
	}
}
