package gluster_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// laboratory is three servers of a volume, a machine that mounts it, and one that
// has nothing to do with it.
type laboratory struct {
	*labtest.Lab
	t *testing.T
	// servers are the machines with bricks.
	servers host.Hosts
	// perDirectory is how many files a client writes into each directory; 0 for all into one.
	perDirectory int
}

const client = "web1"

func bootLab(t *testing.T) *laboratory {
	t.Helper()
	lab := labtest.Boot(t, "gluster-test", "files1", "files2", "files3", client, "stranger")
	servers := maps.Clone(lab.Hosts)
	delete(servers, client)
	delete(servers, "stranger")
	l := &laboratory{Lab: lab, t: t, servers: servers}
	t.Cleanup(l.logs)
	return l
}

// logs prints what the daemons of a lab said last in which a test has failed.
func (l *laboratory) logs() {
	if !l.t.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, name := range l.servers.Names() {
		out, err := l.servers[name].Run(ctx, shell.Script("tail -n 30 /var/log/glusterfs/glustershd.log /var/log/glusterfs/glusterd.log; ps -C glusterfs,glusterfsd,glusterd -o pid,etimes,args; ls -l /run/gluster /run/gluster/glustershd"))
		l.t.Logf("%s: %v\n%s", name, err, out.Stdout)
	}
}

func (l *laboratory) observe(spec gluster.Spec) gluster.Status {
	return gluster.Observe(l.t.Context(), l.servers.Views(), spec)
}

func (l *laboratory) plan(spec gluster.Spec) gluster.Plan {
	l.t.Helper()
	plan, err := gluster.Diff(spec, l.observe(spec))
	if err != nil {
		l.t.Fatal(err)
	}
	return plan
}

func (l *laboratory) converge(what string, spec gluster.Spec) gluster.Status {
	l.t.Helper()
	defer labtest.Time(l.t, what)()
	look, diff := l.loop(spec)
	status, err := reconcile.Converge(l.t.Context(), look, diff, l.servers, labtest.NewSteps(l.t))
	if err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	if err := gluster.Verify(l.t.Context(), l.servers.Views(), spec); err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	return status
}

// convergeInPieces does so while each step is cut short.
func (l *laboratory) convergeInPieces(what string, spec gluster.Spec) {
	l.t.Helper()
	took := labtest.Time(l.t, what+", in pieces")
	look, diff := l.loop(spec)
	if err := labtest.InPieces(l.t, look, diff, l.servers); err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	took()
	l.converge(what, spec)
}

// loop is how a volume is observed and compared.
func (l *laboratory) loop(spec gluster.Spec) (func(context.Context) (gluster.Status, error), func(gluster.Status) (gluster.Plan, error)) {
	return func(ctx context.Context) (gluster.Status, error) {
			return gluster.Observe(ctx, l.servers.Views(), spec), nil
		}, func(s gluster.Status) (gluster.Plan, error) {
			return gluster.Diff(spec, s)
		}
}

func (l *laboratory) remove(what string, spec gluster.Spec, wipe bool) {
	l.t.Helper()
	defer labtest.Time(l.t, what)()
	plan, err := gluster.Remove(spec, l.observe(spec), wipe)
	if err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	if err := reconcile.Run(l.t.Context(), plan, l.servers, labtest.NewSteps(l.t)); err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
}

// drift breaks something, expects to read about it, and has it repaired.
func (l *laboratory) drift(spec gluster.Spec, node, sentence, breakIt string, on string) {
	l.t.Helper()
	l.Run(on, breakIt)
	l.Until(90*time.Second, "drift on "+node, func() string {
		drift := l.plan(spec).Drift()
		for _, why := range drift[node] {
			if strings.Contains(why, sentence) {
				l.t.Logf("drift: %v", drift)
				return ""
			}
		}
		return fmt.Sprint(drift)
	})
	l.converge("repair: "+sentence, spec)
	l.empty(spec)
}

func (l *laboratory) empty(spec gluster.Spec) {
	l.t.Helper()
	defer labtest.Time(l.t, "empty plan")()
	if plan := l.plan(spec); !plan.Empty() {
		l.t.Fatalf("the plan is not empty: %v %v", plan.Titles(), plan.Drift())
	}
}

func TestLab(t *testing.T) {
	lab := bootLab(t)
	spec := gluster.Spec{
		Name: "content", BrickPath: "/srv/gluster/content/brick", Profile: gluster.ProfileWeb, Clients: []string{lab.Nodes[3].Address},
		Nodes: lab.Nodes[:3],
	}.Defaulted()
	status := lab.converge("create", spec)
	volume, _ := status.Volume(spec.Name)
	spec.VolumeID = volume.ID
	lab.empty(spec)
	for name, node := range status.Nodes {
		var port int
		if fmt.Sscan(node.Brick.Port, &port); port < gluster.DefaultBasePort || port > gluster.DefaultMaxPort {
			t.Errorf("the brick on %s listens on %q", name, node.Brick.Port)
		}
	}

	mount := spec.Mount()
	for _, machine := range []string{client, "stranger"} {
		lab.Run(machine, "DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends glusterfs-client >/dev/null 2>&1; mkdir -p /srv/www")
	}
	lab.Run(client, "mount -t glusterfs -o "+mount.Options+" "+mount.Source+" /srv/www && echo before >/srv/www/f && cat /srv/www/f")

	lab.strangers(spec)
	lab.changeClients(spec)
	lab.drift(spec, "files2", "glusterd is stopped", "systemctl stop glusterd", "files2")
	lab.drift(spec, "files3", "the brick process is not running", "pkill -9 -x glusterfsd", "files3")
	lab.drift(spec, "cluster", "option network.ping-timeout is 42 instead of 10", "gluster --mode=script volume set content network.ping-timeout 42", "files1")
	bricks := lab.Run("files1", "pidof glusterfsd")
	lab.drift(spec, "files1", "glusterd.vol differs", "echo '# edited' >>/etc/glusterfs/glusterd.vol", "files1")
	if after := lab.Run("files1", "pidof glusterfsd"); after != bricks {
		t.Errorf("the restart of glusterd killed the brick: %s, before %s", after, bricks)
	}

	updated := spec
	updated.Options = map[string]string{"performance.write-behind": "off"}
	lab.converge("declare an option", updated)
	lab.empty(updated)
	if drift := lab.plan(spec).Drift(); len(drift["cluster"]) == 0 {
		t.Errorf("an option that is no longer declared is not seen: %v", drift)
	}
	lab.converge("withdraw it", spec)
	lab.empty(spec)

	imported := spec
	imported.Adopt, imported.VolumeID = true, ""
	lab.empty(imported)

	lab.killServer(spec)
	lab.long("a client loses a server", func(l *laboratory) { l.clientLosesServer(spec) })

	lab.Run(client, "umount /srv/www")
	lab.remove("remove, keep", spec, false)
	spec.VolumeID = ""
	status = lab.converge("create again", spec)
	if again, _ := status.Volume(spec.Name); again.ID != volume.ID {
		t.Errorf("the volume is %s, it was %s", again.ID, volume.ID)
	}
	lab.Run(client, "mount -t glusterfs -o "+mount.Options+" "+mount.Source+" /srv/www && grep -x before /srv/www/f && umount /srv/www")

	lab.long("another volume of the same bricks", func(l *laboratory) { l.renamed(spec) })
	lab.remove("remove, wipe", spec, true)
	for name, node := range lab.observe(spec).Nodes {
		if node.Brick.Exists || node.Marker != nil || node.Daemon.Running() || node.Defined {
			t.Errorf("something is left on %s: %+v", name, node)
		}
	}
	lab.long("what others left in bricks", func(l *laboratory) { l.poison(spec) })
	lab.long("other types", func(l *laboratory) { l.otherTypes(spec) })
}

// long runs a part that "make test" leaves out.
func (l *laboratory) long(name string, run func(*laboratory)) {
	l.t.Run(name, func(t *testing.T) {
		labtest.Long(t)
		copied := *l
		copied.t, copied.Lab = t, l.With(t)
		run(&copied)
	})
}

// renamed has somebody make another volume of the same bricks, as people do who
// want another name: a wipe of the old one must not touch it.
func (l *laboratory) renamed(spec gluster.Spec) {
	l.t.Helper()
	volume := func(from, to string) {
		bricks := ""
		for _, node := range spec.Nodes {
			bricks += " " + node.Address + ":" + spec.BrickPath
		}
		l.Run("files1", "gluster --mode=script volume stop "+from+" && gluster --mode=script volume delete "+from)
		for _, node := range spec.Nodes {
			l.Run(node.Name, "setfattr -x trusted.glusterfs.volume-id "+spec.BrickPath+"; setfattr -x trusted.gfid "+spec.BrickPath)
		}
		l.Run("files1", "gluster --mode=script volume create "+to+" replica 3"+bricks+" force && gluster --mode=script volume start "+to)
	}
	volume(spec.Name, "renamed")
	plan, err := gluster.Remove(spec, l.observe(spec), true)
	if err == nil {
		err = reconcile.Run(l.t.Context(), plan, l.servers, reconcile.Silent{})
	}
	if err == nil || !strings.Contains(err.Error(), "it is a brick of volume renamed") {
		l.t.Errorf("a wipe of the old name gave %v", err)
	}
	for _, node := range spec.Nodes {
		if kept := l.Run(node.Name, "cat "+spec.BrickPath+"/f"); kept != "before" {
			l.t.Errorf("%s has %q", node.Name, kept)
		}
	}
	volume("renamed", spec.Name)
}

// otherTypes builds volumes that are not simply replicated, and uses them.
func (l *laboratory) otherTypes(spec gluster.Spec) {
	l.t.Helper()
	var others []gluster.Spec
	for i, other := range []gluster.Spec{{Name: "arbiter", Arbiter: 1}, {Name: "disperse", Disperse: 3}} {
		user := l.Nodes[3+i]
		other.BrickPath, other.Nodes, other.Clients = "/srv/gluster/"+other.Name+"/brick", spec.Nodes, []string{user.Address}
		other = other.Defaulted()
		status := l.converge("create "+other.Name, other)
		volume, _ := status.Volume(other.Name)
		other.VolumeID = volume.ID
		l.empty(other)
		mount := other.Mount()
		l.Run(user.Name, "mount -t glusterfs -o "+mount.Options+" "+mount.Source+" /srv/www && echo text >/srv/www/f && grep -x text /srv/www/f && umount /srv/www")
		others = append(others, other)
	}
	l.sharedFilter(others[0], others[1])
}

// healthy waits until every server is there and nothing is left to be healed, which
// no apply waits for.
func (l *laboratory) healthy(spec gluster.Spec) {
	l.t.Helper()
	l.Until(3*time.Minute, "the volume wholly healthy", func() string { return strings.Join(gluster.HealthOf(spec, l.observe(spec)).Problems, "; ") })
}

func (l *laboratory) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// killServer cuts the power of a server under a client that writes.
func (l *laboratory) killServer(spec gluster.Spec) {
	l.t.Helper()
	l.must(l.PowerOff("files1"))
	goesOn := labtest.Time(l.t, "reads and writes go on without a server")
	l.Run(client, "timeout 60 sh -c 'for i in 1 2 3 4 5; do echo $i >/srv/www/n$i && cat /srv/www/n$i || exit 1; done; cat /srv/www/f'")
	goesOn()
	if plan := l.plan(spec); !plan.Empty() {
		l.t.Errorf("with a server away the plan is %v", plan.Titles())
	}
	changed := spec
	changed.PingTimeoutSeconds = 20
	var refused *reconcile.RefusedError
	if _, err := gluster.Diff(changed, l.observe(spec)); !errors.As(err, &refused) {
		l.t.Errorf("a change with a server away gave %v", err)
	}
	l.must(l.PowerOn("files1"))
	healed := labtest.Time(l.t, "heal")
	l.healthy(spec)
	healed()
	l.empty(spec)
}

// clientLosesServer takes a server away from a client alone, which writes to the
// others meanwhile. No self-heal daemon has lost anything, so none is told.
func (l *laboratory) clientLosesServer(spec gluster.Spec) {
	l.t.Helper()
	address := spec.Nodes[2].Address
	l.Run(client, "ip route add blackhole "+address+"/32")
	writes := labtest.Time(l.t, "a client writes without a server")
	l.Run(client, "timeout 90 sh -c 'for i in 1 2 3 4 5; do echo $i >/srv/www/alone$i || exit 1; done'; ip route del blackhole "+address+"/32")
	writes()
	entries := func() string {
		return l.Run("files1", "gluster volume heal "+spec.Name+" info | sed -n 's/^Number of entries: //p' | paste -sd' '")
	}
	left := entries()
	l.t.Logf("entries to heal: %s", left)
	if left == "0 0 0" {
		l.t.Fatal("the client lost nothing")
	}
	took := l.Until(100*time.Second, "heal without being told", func() string {
		if left := entries(); left != "0 0 0" {
			return left
		}
		return ""
	})
	l.t.Logf("healed without being told after %s", took)
	l.healthy(spec)
}

// poison makes what a failed create leaves behind, and foreign data.
func (l *laboratory) poison(spec gluster.Spec) {
	l.t.Helper()
	l.Run("files2", "mkdir -p /srv/gluster/content/brick && setfattr -n trusted.glusterfs.volume-id -v 0x11111111111111111111111111111111 /srv/gluster/content/brick")
	var refused *reconcile.RefusedError
	if _, err := gluster.Diff(spec, l.observe(spec)); !errors.As(err, &refused) || refused.Node != "files2" {
		l.t.Errorf("a foreign brick gave %v", err)
	}
	l.Run("files2", "rmdir /srv/gluster/content/brick")
	l.Run("files2", `mkdir -p /var/lib/terraform-ha /srv/gluster/content/brick/.glusterfs && printf '{"kind":"gluster","name":"content","detail":{"brick":"/srv/gluster/content/brick"}}' >/var/lib/terraform-ha/gluster-content.json
setfattr -n trusted.glusterfs.volume-id -v 0x11111111111111111111111111111111 /srv/gluster/content/brick`)
	l.converge("create over the rest of a failed one", spec)
	l.empty(spec)
	l.remove("wipe", spec, true)
}
