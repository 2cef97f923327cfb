package gluster_test

import (
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// TestLabSecondDayOfASplitBrain has each brick of three take writes alone, which only a
// volume without a quorum allows, and decides about the files by each policy. Each step of the
// last two decisions is cut short.
func TestLabSecondDayOfASplitBrain(t *testing.T) {
	labtest.SecondDay(t)
	l := &laboratory{Lab: labtest.Boot(t, "gluster-split", "files1", "files2", "files3", client), t: t}
	l.servers = maps.Clone(l.Hosts)
	delete(l.servers, client)
	spec := gluster.Spec{
		Name: "content", BrickPath: "/srv/gluster/content/brick", Clients: []string{l.Nodes[3].Address}, Nodes: slices.Clone(l.Nodes[:3]),
	}.Defaulted()
	l.converge("create", spec)
	l.Run(client, "DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends glusterfs-client >/dev/null 2>&1; mkdir -p /srv/www")
	l.slowCount(spec)
	plain := "mount -t glusterfs " + spec.Mount().Source + " /srv/www && cd /srv/www && "
	l.Run(client, plain+`mkdir whole-files && for i in $(seq 200); do head -c $((i * 50)) /dev/urandom >whole-files/$i && sync whole-files/$i || exit 1; done && sha256sum whole-files/* >/tmp/whole; cd /; umount /srv/www`)
	l.divide(spec)

	mount := "mount -t glusterfs -o " + spec.Mount().Options + " " + spec.Mount().Source + " /srv/www"
	l.Run(client, mount+" && ! cat /srv/www/d/latest && ! cat '/srv/www/of two' && ! cat /srv/www/big && cat /srv/www/whole")
	status := l.observe(spec)
	told := strings.Join(gluster.Notices(spec, status), "\n")
	t.Log(told)
	for _, want := range []string{"  /d/latest\n    files1: 4 bytes, changed ", "    files2: 12 bytes", "  /of two\n", "  /big\n"} {
		if !strings.Contains(told, want) {
			t.Errorf("it is not told that %q", want)
		}
	}
	if plan := l.plan(spec); !plan.Empty() {
		t.Fatalf("without a word the plan is %v", plan.Titles())
	}

	spec.Decision = &gluster.Decision{Policy: gluster.PolicyLatest, Files: []string{"/d/latest"}, Attempt: 1}
	l.converge("the latest copy of one file", spec)
	l.empty(spec)
	l.Run(client, "umount /srv/www; "+mount+" && grep -x three /srv/www/d/latest && ! cat /srv/www/big")
	kept := spec.BrickPath + ".split-brain/1/d/latest"
	l.Run("files1", "grep -x one "+kept)
	l.Run("files2", "grep -x two-two-two "+kept)
	l.Run("files3", "! [ -e "+kept+" ]")

	var of string
	for _, file := range status.Nodes["files1"].Contradictions {
		if file.Path == "/of two" {
			of = "gfid:" + file.ID
		}
	}
	spec.Decision = &gluster.Decision{Policy: gluster.PolicySource, Source: "files1", Files: []string{of}, Attempt: 2}
	l.convergeInPieces("the copy of a node, by identity", spec)
	spec.Decision = &gluster.Decision{Policy: gluster.PolicyBiggest, Files: []string{"/big", "/whole"}, Attempt: 3}
	l.convergeInPieces("the biggest copy", spec)
	l.empty(spec)
	l.Run(client, "umount /srv/www; "+mount+" && grep -x one '/srv/www/of two' && grep -x two-two-two /srv/www/big && grep -x before /srv/www/whole && umount /srv/www")
	l.healthy(spec)
	for _, node := range spec.Nodes {
		l.Run(node.Name, "cd "+spec.BrickPath+" && grep -x three d/latest && grep -x one 'of two' && grep -x two-two-two big")
	}
	l.wholeFiles(spec)
}

// wholeFiles wants all files that were acknowledged before the bricks were divided, on a mount
// and on each brick.
func (l *laboratory) wholeFiles(spec gluster.Spec) {
	l.t.Helper()
	sums := l.Run(client, "cat /tmp/whole")
	if acknowledged := strings.Count(sums+"\n", "\n"); acknowledged != 200 {
		l.t.Errorf("%d files were acknowledged instead of 200", acknowledged)
	}
	const count = "sha256sum -c - 2>/dev/null | grep -c ': OK$' || :"
	kept := map[string]string{
		"the volume": l.Run(client, "mount -t glusterfs "+spec.Mount().Source+" /srv/www && cd /srv/www && { "+count+"; } </tmp/whole; cd /; umount /srv/www"),
	}
	for _, node := range spec.Nodes {
		kept[node.Name], _ = l.Exec(node.Name, "cd "+spec.BrickPath+" && "+count, strings.NewReader(sums+"\n"))
	}
	for where, whole := range kept {
		if whole != "200" {
			l.t.Errorf("%s has %s of 200 acknowledged files", where, whole)
		}
	}
	l.t.Logf("COUNT split brain: of 200 acknowledged files %v", kept)
}

// divide has each brick take other contents for three files, alone.
func (l *laboratory) divide(spec gluster.Spec) {
	l.t.Helper()
	l.Run("files1", "gluster --mode=script volume set content cluster.quorum-type none && gluster --mode=script volume set content cluster.self-heal-daemon off")
	mount := "mount -t glusterfs " + spec.Mount().Source + " /srv/www && "
	l.Run(client, mount+"mkdir /srv/www/d && for f in d/latest 'of two' big whole; do echo before >\"/srv/www/$f\"; done; umount /srv/www")
	for _, node := range spec.Nodes {
		l.Run(node.Name, "cat /proc/$(pidof glusterfsd)/cmdline >/tmp/brick")
	}
	stop := func() {
		for _, node := range spec.Nodes {
			l.Run(node.Name, "pkill -x glusterfsd; while pidof glusterfsd; do sleep 0.1; done")
		}
	}
	for i, content := range []string{"one", "two-two-two", "three"} {
		stop()
		l.Run(spec.Nodes[i].Name, "xargs -0 -a /tmp/brick env")
		l.Until(30*time.Second, "the brick alone takes writes", func() string {
			if _, err := l.Exec(client, "umount /srv/www 2>/dev/null; "+mount+"for f in d/latest 'of two' big; do timeout 20 sh -c 'echo "+content+" >\"/srv/www/$1\"' sh \"$f\" || exit 1; done", nil); err != nil {
				return err.Error()
			}
			return ""
		})
		l.Run(client, "sync; umount /srv/www")
	}
	stop()
	l.Run("files1", "gluster --mode=script volume start content force && gluster --mode=script volume reset content cluster.self-heal-daemon && gluster --mode=script volume set content cluster.quorum-type auto")
	l.Until(time.Minute, "three files in split brain", func() string {
		status := l.observe(spec)
		var problems []string
		for name, node := range status.Nodes {
			if !node.Brick.Running || !node.Brick.HealerRunning {
				problems = append(problems, name+" does not serve")
			}
		}
		if listed := len(status.Nodes["files1"].Contradictions); listed != 3 {
			problems = append(problems, strings.Join(gluster.HealthOf(spec, status).Problems, "; "))
		}
		return strings.Join(problems, "; ")
	})
}

// slowCount has a command line that does not come to an end with its count: what the
// machine is connected to shows then whether the volume is served.
func (l *laboratory) slowCount(spec gluster.Spec) {
	l.t.Helper()
	for _, node := range spec.Nodes {
		l.Run(node.Name, `printf '%s\n' '#!/bin/sh' 'case "$*" in *summary*) exec sleep 60 ;; esac' 'exec /usr/sbin/gluster "$@"' >/usr/local/sbin/gluster && chmod 755 /usr/local/sbin/gluster`)
	}
	status := l.observe(spec)
	seen := status.Nodes["files1"]
	for name, node := range status.Nodes {
		if at := net.JoinHostPort(spec.Nodes[slices.IndexFunc(spec.Nodes, func(n host.Node) bool { return n.Name == name })].Address, node.Brick.Port); !slices.Contains(seen.Linked, at) {
			l.t.Errorf("files1 is connected to %q, not to %s of %s", seen.Linked, at, name)
		}
	}
	if err := gluster.Verify(l.t.Context(), l.servers.Views(), spec); err != nil {
		l.t.Errorf("while counting takes too long: %v", err)
	}
	var refused *reconcile.RefusedError
	if _, err := gluster.Diff(spec, status); errors.As(err, &refused) {
		l.t.Errorf("while counting takes too long: %v", err)
	}
	for _, node := range spec.Nodes {
		l.Run(node.Name, "rm /usr/local/sbin/gluster")
	}
}
