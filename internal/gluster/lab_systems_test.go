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
// that writes files all the time, and raises the operating version of the pool last.
func TestLabSecondDayOfSystems(t *testing.T) {
	labtest.SecondDay(t)
	l, spec, acknowledged := changing(t, 3)
	l.triggered(spec)
	acknowledged("restart of all servers")
	l.updated(spec)
	acknowledged("updates and reboots")
	l.raised(spec)
	acknowledged("a higher operating version")
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

// raised has the pool run with a lower operating version than its servers allow, as after an
// upgrade of all of them.
func (l *laboratory) raised(spec gluster.Spec) {
	l.t.Helper()
	highest := l.Run("files1", "sed -n 's/^operating-version=//p' /var/lib/glusterd/glusterd.info")
	for _, node := range spec.Nodes {
		l.Run(node.Name, "systemctl stop glusterd && sed -i 's/^operating-version=.*/operating-version=90000/' /var/lib/glusterd/glusterd.info")
	}
	for _, node := range spec.Nodes {
		l.Run(node.Name, "systemctl start glusterd")
	}
	l.converge("nothing about the operating version", spec)
	if plan := l.plan(spec); !plan.Empty() {
		l.t.Errorf("without a release the plan is %v", plan.Titles())
	}
	spec.Release = "10"
	clients := l.observe(spec).Nodes["files1"].Release
	if _, found := clients.Clients[l.address(client)]; !found || !clients.Counted || len(clients.Clients) < 4 {
		l.t.Errorf("the clients are %+v", clients)
	}
	l.converge("raise the operating version", spec)
	l.empty(spec)
	for _, node := range spec.Nodes {
		if now := l.Run(node.Name, "sed -n 's/^operating-version=//p' /var/lib/glusterd/glusterd.info"); now != highest || now == "90000" {
			l.t.Errorf("%s runs with %s, and ran with %s", node.Name, now, highest)
		}
	}
}
