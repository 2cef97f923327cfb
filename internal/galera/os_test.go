package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const newerServer = "1:10-2"

// outdate gives machines updates to install: of the server, and of a library that asks for
// a reboot.
func (s *sim) outdate(spec *Spec, reboot bool) {
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: reboot}
	for name, m := range s.Machines {
		m.Packages["libssl3"] = "3.0"
		m.System.Updates = map[string]hosttest.Update{"libssl3": {Version: "3.1", Security: true, AsksReboot: reboot, Stale: []string{"mariadb", "ssh"}}}
		if !s.Nodes[name].Arbitrates {
			m.System.Updates["mariadb-server"] = hosttest.Update{Version: newerServer, Security: true, Units: []string{"mariadb"}}
		}
	}
	s.watchStops()
}

// watchStops wants two others to serve whenever a server stops, and no floating address on
// its machine.
func (s *sim) watchStops() {
	s.OnLeave = func(name string) {
		serving := 0
		for _, node := range s.Nodes {
			if node.Synced() && node.Name != name {
				serving++
			}
		}
		_, held := s.Machines[name].Files["/run/held"]
		if held || serving < 2 {
			s.t.Errorf("%s stops, holds an address: %t, and %d others serve", name, held, serving)
		}
	}
}

func (s *sim) isUpdated(boots int) {
	s.t.Helper()
	for name, m := range s.Machines {
		if m.Packages["libssl3"] != "3.1" || m.System.Boots != boots || !s.Nodes[name].Synced() {
			s.t.Errorf("%s has %v after %d boots", name, m.Packages, m.System.Boots)
		}
		if s.Nodes[name].Arbitrates {
			continue
		}
		if m.Packages["mariadb-server"] != newerServer || !m.Held["mariadb-server"] {
			s.t.Errorf("%s has %v, held %v", name, m.Packages, m.Held)
		}
	}
}

// TestMachinesAreUpdatedOneAfterTheOther meets a fault at every command: two of three serve
// at every moment, the holder of the floating address comes last, and no machine boots
// twice.
func TestMachinesAreUpdatedOneAfterTheOther(t *testing.T) {
	for name, reboot := range map[string]bool{"reboots": true, "restarts": false} {
		t.Run(name, func(t *testing.T) {
			hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
				s, spec := built(t, MariaDB)
				s.Write("db1", 7)
				spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
				s.Machines["db1"].WriteFile("/run/held", floatingAddress)
				s.outdate(&spec, reboot)
				s.faulty(spec, fault)
				s.isUpdated(map[bool]int{true: 1}[reboot])
				s.Lost()
			})
		})
	}
}

func TestAPlanSaysWhatIsDueOfSystems(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.Machines["db1"].WriteFile("/run/held", floatingAddress)
	s.outdate(&spec, true)
	plan := s.plan(spec)
	const update = ": install updates, and reboot if they require it"
	want := []string{"db2: fetch updates", "db2" + update, "db3: fetch updates", "db3" + update, "db1: fetch updates", "db1" + update}
	if diff := cmp.Diff(want, plan.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	due := []string{"2 security updates are due: libssl3 3.1, mariadb-server " + newerServer}
	if diff := cmp.Diff(map[string][]string{"db1": due, "db2": due, "db3": due}, plan.Drift()); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	if s.Crash("db3"); !slices.Contains(s.plan(spec).Titles(), "db3"+update) {
		t.Errorf("a machine whose server is down is not updated: %v", s.plan(spec).Titles())
	}
	spec.OS = tier.OS{}
	s.Machines["db1"].Forget()
	if s.observe(spec); slices.Contains(s.Machines["db1"].Log(), "system") {
		t.Error("it was asked without need")
	}
}

// TestNoMachineIsUpdatedBesideASickOne has a machine that does not answer.
func TestNoMachineIsUpdatedBesideASickOne(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.UUID, spec.Partial = s.Nodes["db1"].UUID, true
	s.outdate(&spec, true)
	s.OnLeave = nil
	s.gone("db3")
	refused(t, s.converge(spec), "restart nodes of a cluster that is not whole")
	for _, name := range []string{"db1", "db2"} {
		if s.Machines[name].System.Boots != 0 || !s.Nodes[name].Synced() {
			t.Errorf("%s was touched", name)
		}
	}
}

func TestTheMachineOfAnArbitratorIsUpdated(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := withArbitrator(t, MariaDB)
		s.outdate(&spec, true)
		s.faulty(spec, fault)
		s.isUpdated(1)
	})
}

func TestAMachineOfTwoTiersIsNotUpdated(t *testing.T) {
	s, spec := built(t, MariaDB)
	s.outdate(&spec, true)
	s.Machines["db2"].WriteFile("/var/lib/terraform-ha/web-tier-shop.json", "{}")
	err := s.converge(spec)
	if err == nil || !strings.Contains(err.Error(), "update and reboot the machine of two tiers") {
		t.Errorf("got %v", err)
	}
}
