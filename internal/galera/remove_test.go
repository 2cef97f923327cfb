package galera

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestRemove(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := built(t, engine)
		if plan := Remove(spec, s.observe(spec), false); !plan.Empty() {
			t.Errorf("keeping data plans %v", plan.Titles())
		}
		s.Crash("db2")
		s.Machines["db2"].Down = true
		plan := Remove(spec, s.observe(spec), true)
		unit := s.engine.unit
		if diff := cmp.Diff([]string{"db3: stop " + unit + " and wipe its data", "db1: stop " + unit + " and wipe its data"}, plan.Titles()); diff != "" {
			t.Errorf("titles (-want +got):\n%s", diff)
		}
		if err := reconcile.Run(t.Context(), plan, s.hosts, reconcile.Silent{}); err != nil {
			t.Fatal(err)
		}
		status := s.observe(spec)
		if status.Absent() || !status.Nodes["db1"].unused() || status.Nodes["db1"].Ours {
			t.Errorf("db1 is %+v", status.Nodes["db1"])
		}
		s.Machines["db2"].Down = false
		if err := reconcile.Run(t.Context(), Remove(spec, s.observe(spec), true), s.hosts, reconcile.Silent{}); err != nil {
			t.Fatal(err)
		}
		if !s.observe(spec).Absent() {
			t.Error("something is left")
		}
		s.must(spec)
	})
}

// TestAWipeTakesWhatWasToLeave ends a cluster two of whose members were to leave it.
func TestAWipeTakesWhatWasToLeave(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := shrinking(t, engine)
		s.Machines["db5"].Down = true
		plan := Remove(spec, s.observe(spec), true)
		if first := plan.Titles()[0]; !strings.HasPrefix(first, "db4: ") {
			t.Errorf("it begins with %q", first)
		}
		if err := reconcile.Run(t.Context(), plan, s.hosts, reconcile.Silent{}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"db1", "db2", "db3", "db4"} {
			if status := s.observe(spec).Nodes[name]; !status.unused() || status.Ours {
				t.Errorf("%s is %+v", name, status)
			}
		}
		if again := Remove(spec, s.observe(spec), true); !again.Empty() {
			t.Errorf("left: %v", again.Titles())
		}
	})
}

// TestWipeFollowsALink: an operator has moved the data directory to a volume.
func TestWipeFollowsALink(t *testing.T) {
	directory := t.TempDir()
	volume, link := filepath.Join(directory, "volume"), filepath.Join(directory, "mysql")
	if err := os.MkdirAll(filepath.Join(volume, "shop"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.WriteFile(filepath.Join(volume, "grastate.dat"), nil, 0o600), os.Symlink(volume, link),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var said strings.Builder
	machine := host.New("db1", local{strings.NewReplacer(dataDirectory, link, "mariadb-install-db", "no-such-program"), &said})
	if _, err := machine.Run(t.Context(), wipeData(dataDirectory, "mariadb-install-db")); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	if left, err := os.ReadDir(volume); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if _, err := os.Readlink(link); err != nil {
		t.Error(err)
	}
}
