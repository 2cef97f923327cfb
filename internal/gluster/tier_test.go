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
	"time"

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

func content() gluster.Spec { return declared().Defaulted() }

func declared() gluster.Spec {
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
	ctx, cancel := context.WithTimeout(hosttest.Interruptible(t.Context()), 20*time.Minute)
	defer cancel()
	return convergeIn(ctx, hosts, spec)
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
	want := map[string]string{"nfs.disable": "on", "network.ping-timeout": "10", "client.tcp-user-timeout": "8", "cluster.quorum-type": "auto", "cluster.heal-timeout": "60",
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
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
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

// drift is what may happen behind our back, and what a plan says of it.
type drift struct {
	damage func(*glustertest.Pool)
	want   map[string][]string
}

// repaired expects that each drift is seen, and that it is repaired, whichever command
// of the repair fails first.
func repaired(t *testing.T, drifts map[string]drift) {
	t.Helper()
	for name, test := range drifts {
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
			if len(test.want) > 0 {
				t.Run("with faults", func(t *testing.T) { repairedWithFaults(t, test.damage) })
			}
		})
	}
}

func repairedWithFaults(t *testing.T, damage func(*glustertest.Pool)) {
	t.Helper()
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := built(t)
		damage(sim)
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, content())
		fault.Disarm()
		if err := converge(t, hosts, content()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		if plan, err := diff(t, hosts, content()); err != nil || !plan.Empty() {
			t.Errorf("after %s, the plan is %v, %v", fault.Struck(), plan.Titles(), err)
		}
	})
}

// refused is a volume that nothing is planned for.
type refused struct {
	// build says that the volume is there already.
	build  bool
	spec   func(*gluster.Spec)
	damage func(*glustertest.Pool)
	want   string
}

func nothingPlanned(t *testing.T, tests map[string]refused) {
	t.Helper()
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
