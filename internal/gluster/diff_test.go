package gluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

const brickPath = "/srv/gluster/content/brick"

func content() gluster.Spec {
	return gluster.Spec{
		Name: "content", BrickPath: brickPath, Clients: []string{"10.0.0.31"},
		Nodes: []host.Node{{Name: "files1", Address: "10.0.0.11"}, {Name: "files2", Address: "10.0.0.12"}, {Name: "files3", Address: "10.0.0.13"}},
	}
}

func converge(t *testing.T, hosts host.Hosts, spec gluster.Spec) error {
	t.Helper()
	return convergeIn(t.Context(), hosts, spec)
}

func convergeIn(ctx context.Context, hosts host.Hosts, spec gluster.Spec) error {
	_, err := reconcile.Converge(ctx,
		func(ctx context.Context) (gluster.Status, error) {
			return gluster.Observe(ctx, hosts.Views(), spec), nil
		},
		func(s gluster.Status) (gluster.Plan, error) { return gluster.Diff(spec, s) },
		hosts, reconcile.Silent{})
	return err
}

func built(t *testing.T) (host.Hosts, *glustertest.Pool) {
	t.Helper()
	hosts, sim := newPool(t, "files1", "files2", "files3")
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	return hosts, sim
}

func diff(t *testing.T, hosts host.Hosts, spec gluster.Spec) (gluster.Plan, error) {
	t.Helper()
	return gluster.Diff(spec, gluster.Observe(t.Context(), hosts.Views(), spec))
}

func refusal(t *testing.T, err error) *reconcile.RefusedError {
	t.Helper()
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("it was not refused: %v", err)
	}
	return refused
}

func TestConvergeFromNothing(t *testing.T) {
	hosts, sim := built(t)
	plan, err := diff(t, hosts, content())
	if err != nil || !plan.Empty() {
		t.Errorf("the second plan is %v, %v", plan.Titles(), err)
	}
	if err := gluster.Verify(t.Context(), hosts.Views(), content()); err != nil {
		t.Error(err)
	}
	want := map[string]string{"nfs.disable": "on", "network.ping-timeout": "10", "cluster.quorum-type": "auto", "cluster.heal-timeout": "60",
		"auth.allow": "10.0.0.11,10.0.0.12,10.0.0.13,10.0.0.31"}
	if diff := cmp.Diff(want, sim.Volumes["content"].Options); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	for _, machine := range sim.Machines {
		machine.Forget()
	}
	if _, err := diff(t, hosts, content()); err != nil {
		t.Error(err)
	}
	for name, machine := range sim.Machines {
		if log := machine.Log(); !slices.Contains(log, "batch") || strings.Count(strings.Join(log, " "), "batch") != 1 {
			t.Errorf("observing %s took %v", name, log)
		}
	}
}

func TestEveryStepMayFail(t *testing.T) {
	everyFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := newPool(t, "files1", "files2", "files3")
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, content())
		fault.Disarm()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		if err := gluster.Verify(t.Context(), hosts.Views(), content()); err != nil {
			t.Errorf("after %s: %v", fault.Struck(), err)
		}
	})
}

func TestDriftIsSeenAndRepaired(t *testing.T) {
	tests := map[string]struct {
		damage func(*glustertest.Pool)
		want   map[string][]string
	}{
		"glusterd stopped": {
			func(s *glustertest.Pool) { _ = s.Machines["files2"].Stop("glusterd") },
			map[string][]string{"files2": {"glusterd is stopped"}},
		},
		"glusterd masked": {
			func(s *glustertest.Pool) {
				_ = s.Machines["files2"].Stop("glusterd")
				s.Machines["files2"].Unit("glusterd").Masked = true
			},
			map[string][]string{"files2": {"glusterd is masked"}},
		},
		"brick killed": {
			func(s *glustertest.Pool) { s.Nodes["files3"].Running = false },
			map[string][]string{"files3": {"the brick process is not running"}},
		},
		"self-heal daemon killed": {
			func(s *glustertest.Pool) { s.Nodes["files1"].Healer = false },
			map[string][]string{"files1": {"the self-heal daemon is not running"}},
		},
		"option changed": {
			func(s *glustertest.Pool) { s.Volumes["content"].Options["network.ping-timeout"] = "42" },
			map[string][]string{"cluster": {"option network.ping-timeout is 42 instead of 10"}},
		},
		"option of others": {
			func(s *glustertest.Pool) { s.Volumes["content"].Options["performance.io-cache"] = "off" },
			map[string][]string{},
		},
		"glusterd.vol edited": {
			func(s *glustertest.Pool) {
				s.Machines["files1"].WriteFile("/etc/glusterfs/glusterd.vol", "volume management\n")
			},
			map[string][]string{"files1": {"glusterd.vol differs"}},
		},
		"drop-in lost": {
			func(s *glustertest.Pool) {
				s.Machines["files1"].RemoveAll("/etc/systemd/system/glusterd.service.d/terraform-ha.conf")
			},
			map[string][]string{"files1": {"the drop-in of glusterd: terraform-ha.conf is missing"}},
		},
		"bricks not ended at shutdown": {
			func(s *glustertest.Pool) { _ = s.Machines["files2"].Stop("terraform-ha-bricks") },
			map[string][]string{"files2": {"the unit terraform-ha-bricks, which ends bricks before the network goes, is not active"}},
		},
		"unit edited": {
			func(s *glustertest.Pool) {
				s.Machines["files2"].WriteFile("/etc/systemd/system/terraform-ha-bricks.service", "[Unit]\n")
			},
			map[string][]string{"files2": {"the unit terraform-ha-bricks: terraform-ha-bricks.service differs"}},
		},
		"volume stopped": {
			func(s *glustertest.Pool) { s.CLI(s.Machines["files1"], "volume", "stop", "content") },
			map[string][]string{"cluster": {"the volume is stopped"}},
		},
		"heal pending": {
			func(s *glustertest.Pool) { s.Nodes["files1"].Pending = 7 },
			map[string][]string{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			hosts, sim := built(t)
			test.damage(sim)
			plan, err := diff(t, hosts, content())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, plan.Drift()); diff != "" {
				t.Errorf("drift (-want +got):\n%s", diff)
			}
			if err := converge(t, hosts, content()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOptionsNoLongerDeclaredAreReset(t *testing.T) {
	hosts, sim := built(t)
	spec := content()
	spec.Options = map[string]string{"performance.io-cache": "off"}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if got := sim.Volumes["content"].Options["performance.io-cache"]; got != "off" {
		t.Errorf("the option is %q", got)
	}
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	if got, set := sim.Volumes["content"].Options["performance.io-cache"]; set {
		t.Errorf("the option is still %q", got)
	}
	if got := sim.Volumes["content"].Options["nfs.disable"]; got != "on" {
		t.Errorf("an option of glusterd itself was touched: %q", got)
	}
}

// TestShardingStaysOn withdraws an option whose end damages files.
func TestShardingStaysOn(t *testing.T) {
	hosts, sim := built(t)
	spec := content()
	spec.Options = map[string]string{"features.shard": "on", "performance.io-cache": "off"}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := converge(t, hosts, content()); err != nil {
			t.Fatal(err)
		}
		options := sim.Volumes["content"].Options
		if options["features.shard"] != "on" || options["performance.io-cache"] != "" {
			t.Errorf("options are %v", options)
		}
		notices := gluster.Notices(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
		if len(notices) != 1 || !strings.Contains(notices[0], "features.shard of volume content is on and no longer declared") {
			t.Errorf("notices are %q", notices)
		}
	}
	spec.Options = map[string]string{"features.shard": "off"}
	_, err := diff(t, hosts, spec)
	refusal(t, err)
}

// TestDangerousOptionsOfOthersAreTold has an option that nobody declared.
func TestDangerousOptionsOfOthersAreTold(t *testing.T) {
	hosts, sim := built(t)
	sim.Volumes["content"].Options["cluster.self-heal-daemon"] = "off"
	notices := gluster.Notices(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
	if len(notices) != 1 || !strings.Contains(notices[0], "cluster.self-heal-daemon of volume content is off") {
		t.Errorf("notices are %q", notices)
	}
}

// TestTheProfileLosesParallelReaddir has a volume that an earlier release built.
func TestTheProfileLosesParallelReaddir(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3")
	spec := content()
	spec.Profile, spec.Options = gluster.ProfileWeb, map[string]string{"performance.parallel-readdir": "on"}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	spec.Options = nil
	plan, err := diff(t, hosts, spec)
	if want := "option performance.parallel-readdir is set and no longer declared"; err != nil || !slices.Contains(plan.Drift()["cluster"], want) {
		t.Errorf("got %v, %v", plan.Drift(), err)
	}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if value, set := sim.Volumes["content"].Options["performance.parallel-readdir"]; set {
		t.Errorf("it is %q", value)
	}
}

func TestANodeThatIsDown(t *testing.T) {
	hosts, sim := built(t)
	sim.Machines["files3"].Down = true
	sim.Nodes["files3"].Running = false
	plan, err := diff(t, hosts, content())
	if err != nil || !plan.Empty() {
		t.Errorf("nothing is to be done, and it is %v, %v", plan.Titles(), err)
	}
	sim.Nodes["files1"].Running = false
	if plan, err = diff(t, hosts, content()); err != nil || len(plan.Drift()["files1"]) != 1 {
		t.Errorf("a dead brick beside it gave %v, %v", plan.Drift(), err)
	}
	if err := converge(t, hosts, content()); err != nil || !sim.Nodes["files1"].Running {
		t.Errorf("the dead brick was not revived: %v", err)
	}
	spec := content()
	spec.PingTimeoutSeconds = 20
	_, err = diff(t, hosts, spec)
	refusal(t, err)
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		build  bool
		spec   func(*gluster.Spec)
		damage func(*glustertest.Pool)
		want   string
	}{
		"a node is away at creation": {
			damage: func(s *glustertest.Pool) { s.Machines["files2"].Down = true }, want: "files2 does not answer",
		},
		"all are away": {
			build:  true,
			damage: func(s *glustertest.Pool) { forAll(s, func(m *hosttest.Machine) { m.Down = true }) }, want: "files1 does not answer",
		},
		"foreign data": {
			damage: func(s *glustertest.Pool) { s.Machines["files2"].WriteFile(brickPath+"/photo.jpg", "x") },
			want:   "holds data that this resource did not put there",
		},
		"foreign volume": {
			build: true,
			damage: func(s *glustertest.Pool) {
				forAll(s, func(m *hosttest.Machine) { m.RemoveAll("/var/lib/terraform-ha/gluster-content.json") })
			},
			want: "no machine has a marker",
		},
		"another identity": {
			build: true, spec: func(s *gluster.Spec) { s.VolumeID = "another" }, want: "this resource's volume was another",
		},
		"cloned machines": {
			build: true, damage: func(s *glustertest.Pool) { s.Nodes["files2"].UUID = s.Nodes["files1"].UUID }, want: "same identity",
		},
		"rejected": {
			build: true, damage: func(s *glustertest.Pool) { s.PeerState = 6 }, want: "rejects its peer",
		},
		"other bricks": {
			build: true, spec: func(s *gluster.Spec) { s.BrickPath = "/srv/gluster/other/brick"; s.VolumeID = glustertest.VolumeID },
			want: "comes with a later release",
		},
		"other type": {
			build: true, spec: func(s *gluster.Spec) { s.Type = gluster.Arbiter }, want: "it has replica 3, arbiter 0",
		},
		"data of a volume that was deleted": {
			build: true,
			damage: func(s *glustertest.Pool) {
				delete(s.Volumes, "content")
				s.Machines["files1"].WriteFile(brickPath+"/photo.jpg", "x")
			},
			want: "no longer defined",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			hosts, sim := newPool(t, "files1", "files2", "files3")
			if test.build {
				hosts, sim = built(t)
			}
			spec := content()
			if test.spec != nil {
				test.spec(&spec)
			}
			if test.damage != nil {
				test.damage(sim)
			}
			plan, err := diff(t, hosts, spec)
			if refused := refusal(t, err); !strings.Contains(refused.Error(), test.want) {
				t.Errorf("refused with %q", refused)
			}
			if !plan.Empty() {
				t.Errorf("a refused plan has steps: %v", plan.Titles())
			}
		})
	}
}

func TestAFailedCreateIsCleanedUp(t *testing.T) {
	hosts, sim := built(t)
	delete(sim.Volumes, "content")
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	if sim.Volumes["content"] == nil {
		t.Error("the volume was not created again")
	}
}

func TestRemoveKeepsAndAdopts(t *testing.T) {
	hosts, sim := built(t)
	remove(t, hosts, content(), false)
	if state := sim.Volumes["content"].State; state != "Stopped" {
		t.Errorf("the volume is %s", state)
	}
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	if state := sim.Volumes["content"].State; state != "Started" {
		t.Errorf("the volume is %s after it was created again", state)
	}
}

func TestRemoveWipes(t *testing.T) {
	hosts, sim := built(t)
	remove(t, hosts, content(), true)
	if len(sim.Volumes) != 0 || len(sim.Members) > 1 {
		t.Errorf("volumes %v and members %v are left", sim.Volumes, sim.Members)
	}
	for name, machine := range sim.Machines {
		if _, found := machine.Directories[brickPath]; found {
			t.Errorf("the brick on %s is left", name)
		}
		if _, found := machine.Files["/var/lib/terraform-ha/gluster-content.json"]; found {
			t.Errorf("the marker on %s is left", name)
		}
	}
	if err := converge(t, hosts, content()); err != nil {
		t.Errorf("it cannot be created again: %v", err)
	}
}

func TestWipeNeedsEveryMachine(t *testing.T) {
	hosts, sim := built(t)
	sim.Machines["files2"].Down = true
	_, err := gluster.Remove(content(), gluster.Observe(t.Context(), hosts.Views(), content()), true)
	refusal(t, err)
	remove(t, hosts, content(), false)
}

func remove(t *testing.T, hosts host.Hosts, spec gluster.Spec, wipe bool) {
	t.Helper()
	plan, err := gluster.Remove(spec, gluster.Observe(t.Context(), hosts.Views(), spec), wipe)
	if err != nil {
		t.Fatal(err)
	}
	if err := reconcile.Run(t.Context(), plan, hosts, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
}

func forAll(s *glustertest.Pool, do func(*hosttest.Machine)) {
	for _, machine := range s.Machines {
		do(machine)
	}
}

// TestAWaitAsksForAHeal has entries that no self-heal daemon was told of.
func TestAWaitAsksForAHeal(t *testing.T) { synctest.Test(t, waitAsksForAHeal) }

func waitAsksForAHeal(t *testing.T) {
	hosts, sim := built(t)
	sim.Nodes["files1"].Pending = 7
	spec := content()
	spec.BrickPorts.Base = 50000 // restarts every glusterd, each in a healthy volume
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if sim.Nodes["files1"].Pending != 0 {
		t.Error("nobody asked for a heal")
	}
}

// TestEveryTypeConverges builds volumes of each type.
func TestEveryTypeConverges(t *testing.T) {
	for kind, nodes := range map[string]int{gluster.DistributedReplicate: 6, gluster.Arbiter: 3, gluster.Disperse: 3} {
		t.Run(kind, func(t *testing.T) {
			spec := gluster.Spec{Name: "content", BrickPath: brickPath, Type: kind}
			var names []string
			for i := range nodes {
				names = append(names, fmt.Sprintf("files%d", i+1))
				spec.Nodes = append(spec.Nodes, host.Node{Name: names[i], Address: fmt.Sprintf("10.0.0.%d", 11+i)})
			}
			hosts, sim := newPool(t, names...)
			if err := converge(t, hosts, spec); err != nil {
				t.Fatal(err)
			}
			if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
				t.Errorf("the second plan is %v, %v", plan.Titles(), err)
			}
			if got := len(sim.Volumes["content"].Bricks); got != nodes {
				t.Errorf("%d bricks", got)
			}
		})
	}
}
