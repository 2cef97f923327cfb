package gluster_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabSecondDayOfRepairs has a server that its peers reject, one in maintenance, and one
// whose brick dies, under
// a client that writes files all the time and counts them afterwards.
func TestLabSecondDayOfRepairs(t *testing.T) {
	labtest.SecondDay(t)
	l, spec, acknowledged := changing(t, 3)
	l.rejected(spec, "files2")
	acknowledged("take a rejected peer back")
	l.maintained(spec, "files3")
	acknowledged("maintenance")
	l.brickDies(spec, "files1")
	acknowledged("a brick that died")
	l.sameFiles(spec, "files1", "files2", "files3")
}

// rejected gives a server another definition of the volume than the others have.
func (l *laboratory) rejected(spec gluster.Spec, server string) {
	l.t.Helper()
	l.Run(server, "systemctl stop glusterd && sed -i 's/^network.ping-timeout=.*/network.ping-timeout=33/' /var/lib/glusterd/vols/content/info && grep -qx network.ping-timeout=33 /var/lib/glusterd/vols/content/info && systemctl start glusterd")
	l.Until(time.Minute, "the peer to be rejected", func() string {
		said := l.Run("files1", "gluster peer status; gluster --mode=script pool list")
		if strings.Contains(said, "Peer Rejected") {
			return ""
		}
		return said
	})
	l.Until(time.Minute, "drift on "+server, func() string {
		plan, err := gluster.Diff(spec, l.observe(spec))
		if drift := strings.Join(plan.Drift()[server], "\n"); !strings.Contains(drift, "files1 and files3 reject it as a peer") {
			return drift + " " + strings.Join(plan.Titles(), ", ") + errorText(err)
		}
		return ""
	})
	l.converge("take a rejected peer back", spec)
	l.empty(spec)
	l.healthy(spec)
	l.Run(server, "grep -qx network.ping-timeout=10 /var/lib/glusterd/vols/content/info && grep -qx network.ping-timeout=33 /var/lib/glusterd.set-aside-*/vols/content/info && ls /var/lib/glusterd/groups /var/lib/glusterd/hooks >/dev/null")
}

// brickDies kills the process of a brick and lets the client write without it for a while.
func (l *laboratory) brickDies(spec gluster.Spec, server string) {
	l.t.Helper()
	l.drift(spec, server, "the brick process is not running", "pkill -9 -x glusterfsd; sleep 10", server)
	l.healthy(spec)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// maintained stops a server for maintenance, boots it, and puts it back.
func (l *laboratory) maintained(spec gluster.Spec, server string) {
	l.t.Helper()
	out := spec
	out.Maintenance = map[string]tier.Maintenance{server: tier.Stopped}
	l.converge("take a server out of service", out)
	l.empty(out)
	l.Run(server, "! pidof glusterd glusterfsd glusterfs")
	l.must(l.Reboot(server))
	l.Run(server, "sleep 5; ! pidof glusterd glusterfsd glusterfs")
	l.empty(out)
	l.converge("put it back into service", spec)
	l.empty(spec)
	l.healthy(spec)
}

// triggered restarts the daemons of all servers.
func (l *laboratory) triggered(spec gluster.Spec) {
	l.t.Helper()
	pids := func() map[string]string {
		found := map[string]string{}
		for _, node := range spec.Nodes {
			found[node.Name] = l.Run(node.Name, "pidof glusterd; pidof glusterfsd")
		}
		return found
	}
	before := pids()
	spec.RestartTrigger = "one"
	l.converge("restart all servers", spec)
	l.empty(spec)
	after := pids()
	for name := range maps.Keys(before) {
		for i, pid := range strings.Fields(before[name]) {
			if now := strings.Fields(after[name]); len(now) != 2 || now[i] == pid {
				l.t.Errorf("%s had the processes %q and has %q", name, before[name], after[name])
			}
		}
	}
}
