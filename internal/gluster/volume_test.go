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

// TestABrickThatWasReplacedByHand lies elsewhere on its own machine.
func TestABrickThatWasReplacedByHand(t *testing.T) {
	hosts, sim := withFiles(t)
	const elsewhere = "/srv/gluster/content/brick2"
	sim.Machines["files3"].WriteFile(elsewhere+"/photo.jpg", "x")
	sim.Volumes["content"].Bricks[2] = "10.0.0.13:" + elsewhere
	spec := content()
	spec.VolumeID = glustertest.VolumeID
	_, err := diff(t, hosts, spec)
	if refused := refusal(t, err); !strings.Contains(refused.Remedy, `brick_paths = { files3 = "`+elsewhere+`" }`) {
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
			want: "comes with a later release",
		},
		"other type": {
			build: true, spec: func(s *gluster.Spec) { s.Type = gluster.Arbiter }, want: "it has replica 3, arbiter 0",
		},
	})
}
