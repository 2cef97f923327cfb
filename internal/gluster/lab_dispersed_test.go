package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// TestLabSecondDayOfADispersedVolume loses servers for good under a client that writes files
// all the time, and counts them afterwards: with another server off, every file needs the
// fragment of the new one.
func TestLabSecondDayOfADispersedVolume(t *testing.T) {
	labtest.SecondDay(t)
	l, spec, acknowledged := changingOf(t, 5, func(s *gluster.Spec) { s.Disperse = 3 }, inParts)
	l.Run(client, "mkdir -p /srv/www/a/b/c && echo deep >/srv/www/a/b/c/d && for i in $(seq 20); do echo $i >/srv/www/a/b/$i; done")
	spec = l.replaced("replace a dead server of a dispersed volume", spec, "files3", "files4", true)
	acknowledged("replace a dead server of a dispersed volume")
	l.without(spec, "files2", func() { acknowledged("only one old fragment of each file") })

	l.must(l.Rebuild("files2"))
	l.servers["files2"] = l.Hosts["files2"]
	l.converge("take in a machine of a dispersed volume that was rebuilt", spec)
	l.empty(spec)
	l.healthy(spec)
	acknowledged("take in a machine of a dispersed volume that was rebuilt")
	l.without(spec, "files4", func() { acknowledged("the rebuilt machine and one other") })

	spec = l.replaced("replace a server of a dispersed volume that is alive", spec, "files2", "files5", false)
	acknowledged("replace a server of a dispersed volume that is alive")
	l.without(spec, "files4", func() { acknowledged("the last one to come and one other") })
	l.Run(client, "touch /tmp/end; sleep 1; [ $(cat /srv/www/a/b/c/d) = deep ] && [ $(cat /srv/www/a/b/* 2>/dev/null | sort -n | tail -1) = 20 ]")
	l.healthy(spec)
}

// without does something while a machine is off.
func (l *laboratory) without(spec gluster.Spec, machine string, look func()) {
	l.t.Helper()
	l.must(l.PowerOff(machine))
	look()
	l.must(l.PowerOn(machine))
	l.must(l.WaitBooted(machine))
	l.healthy(spec)
}
