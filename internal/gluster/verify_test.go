package gluster

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func memberNode(name string) host.Node { return host.Node{Name: name, Address: name} }

func TestHealthIsNeverFalseGreen(t *testing.T) {
	spec := Spec{Name: "v", BrickPath: "/b/b"}
	status := Status{Nodes: map[string]Node{}}
	for _, name := range []string{"a", "b", "c"} {
		spec.Nodes = append(spec.Nodes, memberNode(name))
	}
	spec = spec.Defaulted()
	fill := func(heal ...BrickHeal) {
		for _, name := range []string{"a", "b", "c"} {
			node := Node{UUID: name, AskedAsClient: true, Brick: Brick{Running: true, HealerRunning: true}, Heal: heal, Volumes: []Volume{{Name: "v", State: volumeStarted}}}
			for _, other := range []string{"a", "b", "c"} {
				if other != name {
					node.Peers = append(node.Peers, Peer{UUID: other, Connected: true, State: stateInCluster})
				}
			}
			status.Nodes[name] = node
		}
	}
	brick := func(name string) BrickHeal { return BrickHeal{Name: name + ":/b/b", Connected: true} }
	fill(brick("a"), brick("b"), brick("c"))
	if health := HealthOf(spec, status); !health.Healthy() {
		t.Errorf("healthy, and %q", health.Problems)
	}
	pending, split := brick("c"), brick("c")
	pending.Pending, split.SplitBrain = 1, 1
	for name, heal := range map[string][]BrickHeal{
		"a brick nobody counted":      {brick("a"), brick("b")},
		"a brick without a client":    {brick("a"), brick("b"), {Name: "c:/b/b"}},
		"something to heal":           {brick("a"), brick("b"), pending},
		"two truths about one file":   {brick("a"), brick("b"), split},
		"nothing counted, no failure": nil,
	} {
		if fill(heal...); HealthOf(spec, status).Healthy() {
			t.Errorf("%s is taken for health", name)
		}
	}
}
