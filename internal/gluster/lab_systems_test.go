package gluster_test

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabSecondDayOfSystems updates and reboots one server after the other under a client
// that writes files all the time.
func TestLabSecondDayOfSystems(t *testing.T) {
	labtest.SecondDay(t)
	l, spec, acknowledged := changing(t, 3)
	l.triggered(spec)
	acknowledged("restart of all servers")
	l.updated(spec)
	acknowledged("updates and reboots")
	l.sameFiles(spec, "files1", "files2", "files3")
}

// updated has newer versions for all servers.
func (l *laboratory) updated(spec gluster.Spec) {
	l.t.Helper()
	servers := []string{"files1", "files2", "files3"}
	l.OfferUpdates(servers)
	before := map[string]string{}
	for _, name := range servers {
		before[name] = l.BootName(name)
	}
	spec.OS = tier.OS{Updates: host.UpdatesAll, Reboot: true}
	l.converge("update and reboot all servers", spec)
	l.empty(spec)
	l.healthy(spec)
	for _, name := range servers {
		if l.BootName(name) == before[name] {
			l.t.Errorf("%s was not rebooted", name)
		}
		if version := l.Run(name, "dpkg-query -Wf '${Version}' glusterfs-server"); !strings.HasSuffix(version, "+lab1") {
			l.t.Errorf("%s has %s", name, version)
		}
		l.Run(name, "apt-mark showhold | grep -qx glusterfs-server && [ ! -e "+tier.DrainFile+" ]")
	}
}

// olderPool has machines begin with an older operating version, as those do whose servers
// were upgraded since their pool was made.
func (l *laboratory) olderPool(machines ...string) {
	l.t.Helper()
	for _, name := range machines {
		l.Run(name, "mkdir -p /var/lib/glusterd && printf 'UUID=%s\\noperating-version=90000\\n' $(cat /proc/sys/kernel/random/uuid) >/var/lib/glusterd/glusterd.info")
	}
}

// raised raises the operating version of such a pool.
func (l *laboratory) raised(spec gluster.Spec) {
	l.t.Helper()
	version := func(node host.Node) string {
		return l.Run(node.Name, "sed -n 's/^operating-version=//p' /var/lib/glusterd/glusterd.info")
	}
	for _, node := range spec.Nodes {
		if now := version(node); now != "90000" {
			l.t.Errorf("%s begins with %s", node.Name, now)
		}
	}
	l.empty(spec)
	spec.Release = "10"
	known := l.observe(spec).Nodes["files1"].Release
	if _, found := known.Clients[l.address(client)]; !found || !known.Counted || len(known.Clients) < 4 || known.Most < 100000 {
		l.t.Errorf("known of the release is %+v", known)
	}
	l.converge("raise the operating version", spec)
	l.empty(spec)
	for _, node := range spec.Nodes {
		if now := version(node); now < "100000" || len(now) != 6 {
			l.t.Errorf("%s runs with %s", node.Name, now)
		}
	}
}
