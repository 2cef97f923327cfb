package gluster_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestEveryTypeConverges builds volumes of each type.
func TestEveryTypeConverges(t *testing.T) {
	for kind, test := range map[string]struct {
		nodes int
		spec  gluster.Spec
	}{
		"distributed": {6, gluster.Spec{}}, "arbiter": {3, gluster.Spec{Arbiter: 1}},
		"dispersed": {3, gluster.Spec{Disperse: 3}}, "distributed dispersed": {6, gluster.Spec{Disperse: 3}},
	} {
		t.Run(kind, func(t *testing.T) {
			spec := test.spec
			spec.Name, spec.BrickPath = "content", brickPath
			var names []string
			for i := range test.nodes {
				names = append(names, fmt.Sprintf("files%d", i+1))
				spec.Nodes = append(spec.Nodes, host.Node{Name: names[i], Address: fmt.Sprintf("10.0.0.%d", 11+i)})
			}
			spec = spec.Defaulted()
			hosts, sim := newPool(t, names...)
			if err := converge(t, hosts, spec); err != nil {
				t.Fatal(err)
			}
			if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
				t.Errorf("the second plan is %v, %v", plan.Titles(), err)
			}
			if got := len(sim.Volumes["content"].Bricks); got != test.nodes {
				t.Errorf("%d bricks", got)
			}
		})
	}
}

// TestABrickThatWasReplacedByHand lies elsewhere on its own machine.
func TestABrickThatWasReplacedByHand(t *testing.T) {
	hosts, sim := withFiles(t)
	const elsewhere = "/srv/gluster/content/brick2"
	sim.Machines["files3"].WriteFile(elsewhere+"/photo.jpg", "x")
	sim.Volumes["content"].Bricks[2] = "10.0.0.13:" + elsewhere
	spec := content()
	spec.VolumeID = glustertest.VolumeID
	_, err := diff(t, hosts, spec)
	if refused := refusal(t, err); !strings.Contains(refused.Remedy, `in nodes: files3 = { brick_path = "`+elsewhere+`" }`) {
		t.Errorf("the remedy is %q", refused.Remedy)
	}
	spec.BrickPaths = map[string]string{"files3": elsewhere}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("the plan is %v, %v", plan.Titles(), err)
	}
	spec.PingTimeoutSeconds = 20
	if err := converge(t, hosts, spec); err != nil {
		t.Error(err)
	}
}

func TestOtherVolumesAreRefused(t *testing.T) {
	nothingPlanned(t, map[string]refused{
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
		"other bricks": {
			build: true, spec: func(s *gluster.Spec) { s.BrickPath = "/srv/gluster/other/brick"; s.VolumeID = glustertest.VolumeID },
			want: "wanted are 10.0.0.11:/srv/gluster/other/brick",
		},
		"other type": {
			build: true, spec: func(s *gluster.Spec) { s.Arbiter = 1 }, want: "it has replica 3, arbiter 0",
		},
	})
}
