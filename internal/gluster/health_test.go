package gluster_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestHealthSaysHowEveryBrickIs(t *testing.T) {
	for name, test := range map[string]struct {
		harm     func(*glustertest.Pool)
		problems []string
		summary  string
		states   map[string]string
	}{
		"nothing": {
			harm: func(*glustertest.Pool) {}, summary: "3 of 3 bricks are online.",
			states: map[string]string{"files1": "online", "files2": "online", "files3": "online"},
		},
		"a brick process died": {
			harm:     func(s *glustertest.Pool) { s.Nodes["files2"].Running = false },
			problems: []string{"files2 does not serve its brick: the brick process is not running"},
			summary:  "2 of 3 bricks are online; files2 does not serve its brick: the brick process is not running.",
			states:   map[string]string{"files1": "online", "files2": "the brick process is not running", "files3": "online"},
		},
		"a machine is away": {
			harm:     func(s *glustertest.Pool) { s.Machines["files3"].Down = true },
			problems: []string{"files3 was not seen: cannot reach files3: simulated"},
			summary:  "2 of 3 bricks are online; files3 was not seen: cannot reach files3: simulated.",
			states:   map[string]string{"files1": "online", "files2": "online", "files3": ""},
		},
		"files are to be healed": {
			harm: func(s *glustertest.Pool) { s.Nodes["files1"].Pending, s.Nodes["files2"].SplitBrain = 4, 1 },
			problems: []string{
				"the brick of files1 has entries that other bricks have missed: 4", "the brick of files2 has entries in split brain: 1",
				"clients get errors for files in split brain: gfid:00000000-0000-4000-8000-000000000000",
			},
			summary: "3 of 3 bricks are online; the brick of files1 has entries that other bricks have missed: 4 (and 2 more problems).",
			states:  map[string]string{"files1": "online", "files2": "online", "files3": "online"},
		},
		"glusterd is stopped": {
			harm:     func(s *glustertest.Pool) { _ = s.Machines["files1"].Stop("glusterd") },
			problems: []string{"glusterd does not answer on files1: gluster: Connection failed. Please check if gluster daemon is operational. Connection failed. Please check if gluster daemon is operational."},
			summary:  "3 of 3 bricks are online; glusterd does not answer on files1: gluster: Connection failed. Please check if gluster daemon is operational. Connection failed. Please check if gluster daemon is operational.",
			states:   map[string]string{"files1": "online", "files2": "online", "files3": "online"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, sim := built(t)
			test.harm(sim)
			health := gluster.HealthOf(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
			if diff := cmp.Diff(test.problems, health.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if health.Summary() != test.summary {
				t.Errorf("summary %q, want %q", health.Summary(), test.summary)
			}
			states := map[string]string{}
			for node, seen := range health.Nodes {
				states[node] = seen.State
			}
			if diff := cmp.Diff(test.states, states); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}

			// A data source knows no more than the name and the nodes.
			known := gluster.Spec{Name: "content", Nodes: content().Nodes}.Defaulted()
			if diff := cmp.Diff(health, gluster.HealthOf(known, gluster.Observe(t.Context(), hosts.Views(), known))); diff != "" {
				t.Errorf("health (-with all +with the nodes):\n%s", diff)
			}
		})
	}
}

func TestHealthCountsWhatIsToBeHealed(t *testing.T) {
	hosts, sim := built(t)
	sim.Nodes["files1"].Pending, sim.Nodes["files3"].SplitBrain = 4, 2
	health := gluster.HealthOf(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
	want := map[string]map[string]float64{
		"files1": {gluster.FigureHealBacklog: 4, gluster.FigureSplitBrain: 0},
		"files2": {gluster.FigureHealBacklog: 0, gluster.FigureSplitBrain: 0},
		"files3": {gluster.FigureHealBacklog: 0, gluster.FigureSplitBrain: 2},
	}
	got := map[string]map[string]float64{}
	for name, node := range health.Nodes {
		got[name] = node.Figures
		if node.Role != gluster.RoleBrick || node.Packages["glusterfs-server"] == "" {
			t.Errorf("%s is %+v", name, node)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

// TestHealthOfWhatIsNotThere never takes it for healthy.
func TestHealthOfWhatIsNotThere(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3")
	look := func() []string {
		return gluster.HealthOf(content(), gluster.Observe(t.Context(), hosts.Views(), content())).Problems
	}
	if problems := look(); len(problems) == 0 || problems[0] != "the volume does not exist" {
		t.Errorf("new machines: %q", problems)
	}
	for _, machine := range sim.Machines {
		machine.Down = true
	}
	if problems := look(); len(problems) != 4 || problems[0] != "no machine answers" {
		t.Errorf("machines that are away: %q", problems)
	}
	nobody := gluster.HealthOf(content(), gluster.Status{})
	if len(nobody.Problems) != 4 || nobody.Nodes["files1"].Unreachable == "" {
		t.Errorf("machines that were not asked: %+v", nobody)
	}
}

// TestHealthInMaintenance has a server that is out of service on the user's word.
func TestHealthInMaintenance(t *testing.T) {
	for how, summary := range map[tier.Maintenance]string{
		tier.Drained: "3 of 3 bricks are online, files2 is drained for maintenance.",
		tier.Stopped: "2 of 3 bricks are online, files2 is stopped for maintenance.",
	} {
		t.Run(string(how), func(t *testing.T) {
			hosts, sim := built(t)
			if err := converge(t, hosts, withMaintenance(how)); err != nil {
				t.Fatal(err)
			}
			for name, spec := range map[string]gluster.Spec{"all": withMaintenance(how), "the nodes": gluster.Spec{Name: "content", Nodes: content().Nodes}.Defaulted()} {
				health := gluster.HealthOf(spec, gluster.Observe(t.Context(), hosts.Views(), spec))
				if !health.Healthy() || health.Summary() != summary || health.Nodes["files2"].Role != tier.RoleMaintenance {
					t.Errorf("with %s: %q, %+v", name, health.Summary(), health)
				}
			}
			sim.Nodes["files3"].Running = false
			health := gluster.HealthOf(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
			if !slices.Contains(health.Problems, "files3 does not serve its brick: the brick process is not running") {
				t.Errorf("problems %q", health.Problems)
			}
		})
	}
}
