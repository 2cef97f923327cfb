package gluster_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
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

var update = flag.Bool("update", false, "write the golden files")

func newPool(t *testing.T, names ...string) (host.Hosts, *glustertest.Pool) {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, names...)
	return hosts, glustertest.Install(t, machines)
}

const brickPath = "/srv/gluster/content/brick"

func content() gluster.Spec {
	return gluster.Spec{
		Name: "content", BrickPath: brickPath, Clients: []string{"10.0.0.31"},
		Nodes: []host.Node{{Name: "files1", Address: "10.0.0.11"}, {Name: "files2", Address: "10.0.0.12"}, {Name: "files3", Address: "10.0.0.13"}},
	}
}

func nodes(addresses ...string) []host.Node {
	list := []host.Node{}
	for i, address := range addresses {
		list = append(list, host.Node{Name: "files" + string(rune('1'+i)), Address: address})
	}
	return list
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

// told expects an empty plan and one notice.
func told(t *testing.T, hosts host.Hosts, spec gluster.Spec, want string) {
	t.Helper()
	status := gluster.Observe(t.Context(), hosts.Views(), spec)
	if plan, err := gluster.Diff(spec, status); err != nil || !plan.Empty() {
		t.Errorf("the plan is %v, %v", plan.Titles(), err)
	}
	if notices := gluster.Notices(spec, status); len(notices) != 1 || !strings.Contains(notices[0], want) {
		t.Errorf("notices %q, want %q", notices, want)
	}
	if err := converge(t, hosts, spec); err != nil {
		t.Error(err)
	}
}

func forAll(s *glustertest.Pool, do func(*hosttest.Machine)) {
	for _, machine := range s.Machines {
		do(machine)
	}
}

// everyFault runs a test with each fault, and lets no time pass in its waits.
func everyFault(t *testing.T, run func(*testing.T, *hosttest.Fault)) {
	t.Helper()
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		synctest.Test(t, func(t *testing.T) { run(t, fault) })
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
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

func TestFilesOnAMachine(t *testing.T) {
	_, sim := built(t)
	for path, file := range map[string]string{
		"/etc/glusterfs/glusterd.vol":                              "glusterd.vol",
		"/etc/systemd/system/glusterd.service.d/terraform-ha.conf": "drop-in.conf",
		"/etc/systemd/system/terraform-ha-bricks.service":          "bricks.service",
		"/var/lib/terraform-ha/gluster-content.json":               "marker.json",
		"/etc/terraform-ha/filter/gluster.nft":                     "filter.nft",
		"/etc/terraform-ha/filter/gluster/content.nft":             "filter-content.nft",
	} {
		golden(t, file, sim.Machines["files1"].Files[path].Content)
	}
}
