package gluster_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// labLabel marks everything that this test starts.
const labLabel = "terraform-ha.lab=gluster-test"

// labMachine runs commands in a container that booted systemd.
type labMachine struct{ container string }

type away struct{ error }

func (away) Unreachable() bool { return true }

// Run implements host.Runner.
func (m labMachine) Run(ctx context.Context, command shell.Command) (shell.Result, error) {
	var stdout, stderr bytes.Buffer
	run := exec.CommandContext(ctx, "docker", "exec", "-i", m.container, "sh", "-c", command.Line())
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(command.Stdin()), &stdout, &stderr
	err := run.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if strings.Contains(stderr.String(), "is not running") {
			return shell.Result{}, away{errors.New(strings.TrimSpace(stderr.String()))}
		}
		return shell.Result{}, &shell.ExitError{Node: m.container, Command: command, Status: exit.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	}
	return shell.Result{Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, err
}

type laboratory struct {
	t     *testing.T
	ctx   context.Context
	hosts host.Hosts
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func clearLab(t *testing.T) {
	if ids := docker(t, "ps", "-aq", "--filter", "label="+labLabel); ids != "" {
		docker(t, append([]string{"rm", "-fv"}, strings.Fields(ids)...)...)
	}
	if ids := docker(t, "network", "ls", "-q", "--filter", "label="+labLabel); ids != "" {
		docker(t, append([]string{"network", "rm"}, strings.Fields(ids)...)...)
	}
}

func labAddress(i int) string { return fmt.Sprintf("10.231.7.%d", 11+i) }

func bootLab(t *testing.T, names ...string) *laboratory {
	t.Helper()
	images := strings.Fields(docker(t, "images", "-q", "terraform-ha-lab/machine"))
	if len(images) == 0 {
		t.Skip("the lab's machine image is not built")
	}
	clearLab(t)
	t.Cleanup(func() { clearLab(t) })
	docker(t, "network", "create", "--label", labLabel, "--subnet", "10.231.7.0/24", "ha-gluster-test")
	lab := &laboratory{t: t, ctx: t.Context(), hosts: host.Hosts{}}
	for i, name := range names {
		container := "ha-gluster-test-" + name
		docker(t, "run", "-d", "--name", container, "--hostname", name, "--label", labLabel, "--network", "ha-gluster-test", "--ip", labAddress(i),
			"--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
			"--device", "/dev/fuse", "--tmpfs", "/run", "--tmpfs", "/run/lock", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:ro", "-v", "/srv/gluster",
			images[0], "/lib/systemd/systemd")
		lab.hosts[name] = host.New(name, labMachine{container})
	}
	for name := range lab.hosts {
		lab.until("systemd of "+name, func() string {
			out, _ := exec.Command("docker", "exec", "ha-gluster-test-"+name, "systemctl", "is-system-running").Output()
			if state := strings.TrimSpace(string(out)); state != "running" && state != "degraded" {
				return "it is " + state
			}
			return ""
		})
	}
	return lab
}

func (l *laboratory) until(what string, check func() string) {
	l.t.Helper()
	err := reconcile.WaitAtMost(l.ctx, 90*time.Second, what, 200*time.Millisecond, func(context.Context) (string, error) { return check(), nil })
	if err != nil {
		l.t.Fatal(err)
	}
}

// sh runs a line on a machine.
func (l *laboratory) sh(name, line string) string {
	l.t.Helper()
	out, err := exec.Command("docker", "exec", "ha-gluster-test-"+name, "bash", "-c", line).CombinedOutput()
	if err != nil {
		l.t.Fatalf("%s: %s: %v: %s", name, line, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (l *laboratory) volumeHosts() host.Hosts {
	hosts := host.Hosts{}
	for name, machine := range l.hosts {
		if strings.HasPrefix(name, "files") {
			hosts[name] = machine
		}
	}
	return hosts
}

func (l *laboratory) observe(spec gluster.Spec) gluster.Status {
	return gluster.Observe(l.ctx, l.volumeHosts().Views(), spec)
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
	begin := time.Now()
	hosts := l.volumeHosts()
	status, err := reconcile.Converge(l.ctx,
		func(ctx context.Context) (gluster.Status, error) {
			return gluster.Observe(ctx, hosts.Views(), spec), nil
		},
		func(s gluster.Status) (gluster.Plan, error) { return gluster.Diff(spec, s) },
		hosts, reporter{l.t})
	if err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	if err := gluster.Verify(l.ctx, hosts.Views(), spec); err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	l.t.Logf("%s: %s", what, time.Since(begin).Round(10*time.Millisecond))
	return status
}

func (l *laboratory) remove(what string, spec gluster.Spec, wipe bool) {
	l.t.Helper()
	begin := time.Now()
	plan, err := gluster.Remove(spec, l.observe(spec), wipe)
	if err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	if err := reconcile.Run(l.ctx, plan, l.volumeHosts(), reporter{l.t}); err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	l.t.Logf("%s: %s", what, time.Since(begin).Round(10*time.Millisecond))
}

type reporter struct{ t *testing.T }

func (reporter) StepStarted(string, string, string) {}

func (r reporter) StepEnded(node, title string, took time.Duration, skipped bool, err error) {
	r.t.Logf("  %-7s %-40s %7s skipped=%t err=%v", node, title, took.Round(10*time.Millisecond), skipped, err)
}

// drift breaks something, expects to read about it, and has it repaired.
func (l *laboratory) drift(spec gluster.Spec, node, sentence, breakIt string, on string) {
	l.t.Helper()
	l.sh(on, breakIt)
	l.until("drift on "+node, func() string {
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
	begin := time.Now()
	if plan := l.plan(spec); !plan.Empty() {
		l.t.Fatalf("the plan is not empty: %v %v", plan.Titles(), plan.Drift())
	}
	l.t.Logf("empty plan: %s", time.Since(begin).Round(10*time.Millisecond))
}

func TestLab(t *testing.T) {
	if os.Getenv("LAB_TESTS") != "1" {
		t.Skip("LAB_TESTS=1 runs it on real daemons")
	}
	lab := bootLab(t, "files1", "files2", "files3", "web1")
	spec := gluster.Spec{
		Name: "content", BrickPath: "/srv/gluster/content/brick", Profile: gluster.ProfileWeb, Clients: []string{labAddress(3)},
		Nodes: []host.Node{{Name: "files1", Address: labAddress(0)}, {Name: "files2", Address: labAddress(1)}, {Name: "files3", Address: labAddress(2)}},
	}
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
	lab.sh("web1", "DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends glusterfs-client >/dev/null 2>&1")
	lab.sh("web1", "mkdir -p /srv/www && mount -t glusterfs -o "+mount.Options+" "+mount.Source+" /srv/www && echo before >/srv/www/f && cat /srv/www/f")

	lab.drift(spec, "files2", "glusterd is stopped", "systemctl stop glusterd", "files2")
	lab.drift(spec, "files3", "the brick process is not running", "pkill -9 -x glusterfsd", "files3")
	lab.drift(spec, "cluster", "option network.ping-timeout is 42 instead of 10", "gluster --mode=script volume set content network.ping-timeout 42", "files1")
	bricks := lab.sh("files1", "pidof glusterfsd")
	lab.drift(spec, "files1", "glusterd.vol differs", "echo '# edited' >>/etc/glusterfs/glusterd.vol", "files1")
	if after := lab.sh("files1", "pidof glusterfsd"); after != bricks {
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

	lab.sh("web1", "umount /srv/www")
	lab.remove("remove, keep", spec, false)
	spec.VolumeID = ""
	status = lab.converge("create again", spec)
	if again, _ := status.Volume(spec.Name); again.ID != volume.ID {
		t.Errorf("the volume is %s, it was %s", again.ID, volume.ID)
	}
	lab.sh("web1", "mount -t glusterfs -o "+mount.Options+" "+mount.Source+" /srv/www && grep -x before /srv/www/f && umount /srv/www")

	lab.remove("remove, wipe", spec, true)
	for name, node := range lab.observe(spec).Nodes {
		if node.Brick.Exists || node.Marker != nil || node.Daemon.Running() || node.Defined {
			t.Errorf("something is left on %s: %+v", name, node)
		}
	}
	lab.poison(spec)
}

// killServer cuts the power of a server under a client that writes.
func (l *laboratory) killServer(spec gluster.Spec) {
	l.t.Helper()
	begin := time.Now()
	docker(l.t, "kill", "ha-gluster-test-files1")
	l.sh("web1", "timeout 60 sh -c 'for i in 1 2 3 4 5; do echo $i >/srv/www/n$i && cat /srv/www/n$i || exit 1; done; cat /srv/www/f'")
	l.t.Logf("a server is killed, reads and writes go on after %s", time.Since(begin).Round(10*time.Millisecond))
	if plan := l.plan(spec); !plan.Empty() {
		l.t.Errorf("with a server away the plan is %v", plan.Titles())
	}
	changed := spec
	changed.PingTimeoutSeconds = 20
	var refused *reconcile.RefusedError
	if _, err := gluster.Diff(changed, l.observe(spec)); !errors.As(err, &refused) {
		l.t.Errorf("a change with a server away gave %v", err)
	}
	docker(l.t, "start", "ha-gluster-test-files1")
	begin = time.Now()
	if err := gluster.Verify(l.ctx, l.volumeHosts().Views(), spec); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("healed after %s", time.Since(begin).Round(10*time.Millisecond))
	l.empty(spec)
}

// poison makes what a failed create leaves behind, and foreign data.
func (l *laboratory) poison(spec gluster.Spec) {
	l.t.Helper()
	l.sh("files2", "mkdir -p /srv/gluster/content/brick && setfattr -n trusted.glusterfs.volume-id -v 0x11111111111111111111111111111111 /srv/gluster/content/brick")
	var refused *reconcile.RefusedError
	if _, err := gluster.Diff(spec, l.observe(spec)); !errors.As(err, &refused) || refused.Node != "files2" {
		l.t.Errorf("a foreign brick gave %v", err)
	}
	l.sh("files2", "rmdir /srv/gluster/content/brick")
	l.sh("files2", `mkdir -p /var/lib/terraform-ha /srv/gluster/content/brick/.glusterfs && printf '{"kind":"gluster","name":"content","detail":{"brick":"/srv/gluster/content/brick"}}' >/var/lib/terraform-ha/gluster-content.json
setfattr -n trusted.glusterfs.volume-id -v 0x11111111111111111111111111111111 /srv/gluster/content/brick`)
	l.converge("create over the rest of a failed one", spec)
	l.empty(spec)
	l.remove("wipe", spec, true)
}
