package gluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCreateWords(t *testing.T) {
	tests := map[string]struct {
		spec   Spec
		onRoot bool
		want   []string
	}{
		"replicate": {Spec{}, false, []string{"volume", "create", "v", "replica", "3", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b"}},
		"arbiter":   {Spec{Arbiter: 1}, false, []string{"volume", "create", "v", "replica", "3", "arbiter", "1", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b"}},
		"disperse":  {Spec{Disperse: 3}, true, []string{"volume", "create", "v", "disperse", "3", "redundancy", "1", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b"}},
		"on root":   {Spec{AllowRootPartition: true}, true, []string{"volume", "create", "v", "replica", "3", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b", "force"}},
		"allowed, not on root": {Spec{AllowRootPartition: true}, false,
			[]string{"volume", "create", "v", "replica", "3", "transport", "tcp", "a:/b/b", "b:/b/b", "c:/b/b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := test.spec
			spec.Name, spec.BrickPath = "v", "/b/b"
			for _, node := range []string{"a", "b", "c"} {
				spec.Nodes = append(spec.Nodes, memberNode(node))
			}
			if diff := cmp.Diff(test.want, spec.Defaulted().createWords(test.onRoot)); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSets(t *testing.T) {
	if !cmp.Equal(sets([]string{"a", "b", "c", "d", "e", "f"}, 3, 0), sets([]string{"f", "d", "e", "c", "b", "a"}, 3, 0)) {
		t.Error("equal sets in another order differ")
	}
	if cmp.Equal(sets([]string{"a", "b", "c"}, 3, 1), sets([]string{"a", "c", "b"}, 3, 1)) {
		t.Error("another arbiter is not seen")
	}
}
