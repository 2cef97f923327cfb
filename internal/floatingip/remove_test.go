package floatingip

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestRemove(t *testing.T) {
	n := newNetwork(t)
	n.mustConverge(simSpec())
	plan, err := Remove(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"db2: remove floating IP 10.0.0.100", "db3: remove floating IP 10.0.0.100", "db1: remove floating IP 10.0.0.100", "wait for the end of 10.0.0.100"}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	if err := reconcile.Run(t.Context(), plan, n.hosts, reconcile.Silent{}); err != nil {
		t.Fatal(err)
	}
	again, err := Remove(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()))
	if err != nil || !again.Empty() {
		t.Errorf("still to be removed: %v, %v", again.Titles(), err)
	}
	for name, m := range n.machines {
		for file := range m.Files {
			if strings.HasPrefix(file, "/var/lib/terraform-ha/floating-ip-") && !strings.HasSuffix(file, ".held") {
				t.Errorf("%s still has %s", name, file)
			}
		}
	}
}

// removeUnder removes the floating IP, and once more where a fault broke that off.
func (n *network) removeUnder(fault *hosttest.Fault) {
	n.t.Helper()
	fault.Arm(n.machines)
	for range 2 {
		plan, err := Remove(simSpec(), Observe(n.t.Context(), n.hosts.Views(), simSpec()))
		if err != nil {
			n.t.Fatal(err)
		}
		if err := reconcile.Run(hosttest.Interruptible(n.t.Context()), plan, n.hosts, reconcile.Silent{}); err == nil {
			return
		}
		fault.Disarm()
	}
}

// TestARemovalEndsAfterAnyFault has one command fail, or its answer lost.
func TestARemovalEndsAfterAnyFault(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n := newNetwork(t)
		n.mustConverge(simSpec())
		n.removeUnder(fault)
		status := Observe(t.Context(), n.hosts.Views(), simSpec())
		if plan, err := Remove(simSpec(), status); err != nil || !plan.Empty() || len(status.Holders) > 0 {
			t.Errorf("left: %v, held by %v, %v", plan.Titles(), status.Holders, err)
		}
	})
}

// TestARemovalLetsOtherClustersGo has a database that waits for the floating IP, which is
// removed altogether.
func TestARemovalLetsOtherClustersGo(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		n := newNetwork(t)
		n.mustConverge(simSpec())
		n.machines["db1"].WriteFile(departure, "#!/bin/sh\n")
		n.removeUnder(fault)
		if diff := cmp.Diff([]string{"db1"}, n.Departed); diff != "" {
			t.Errorf("let go after %q (-want +got):\n%s", fault.Struck(), diff)
		}
	})
}

// TestWhatWaitsForTheLastFloatingIP runs the end of the script with files of several.
func TestWhatWaitsForTheLastFloatingIP(t *testing.T) {
	for name, test := range map[string]struct {
		files      []string
		said, left string
	}{
		"nobody waits":         {nil, "", ""},
		"a database waits":     {[]string{"galera-shop.departure"}, "departs", "floating-ip-db.json galera-shop.departure"},
		"another one is there": {[]string{"galera-shop.departure", "floating-ip-app.addresses", "floating-ip-app.json"}, "", "floating-ip-app.addresses floating-ip-app.json galera-shop.departure"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			for _, program := range []string{"systemctl", "nft", "flock", "ip"} {
				s.program(program, "exit 0")
			}
			for _, file := range append(test.files, "floating-ip-db.json", "floating-ip-db.addresses") {
				s.write(file, "x\n")
			}
			script := strings.NewReplacer("/var/lib/terraform-ha", s.path(""), "/run/terraform-ha", s.path("run"), "/usr/lib/terraform-ha", s.path("lib"),
				"/etc/", s.path("etc")+"/").Replace(string(removeScript))
			said, err := s.run([]byte("#!/bin/sh\n"+script), "db", "table", s.path("floating-ip-db.json"), s.path("floating-ip-db.addresses"))
			if err != nil || said != test.said {
				t.Errorf("%q, %v, want %q", said, err, test.said)
			}
			entries, err := os.ReadDir(s.path(""))
			if err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, entry := range entries {
				if strings.Contains(entry.Name(), "-") {
					left = append(left, entry.Name())
				}
			}
			if diff := cmp.Diff(test.left, strings.Join(left, " ")); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}
