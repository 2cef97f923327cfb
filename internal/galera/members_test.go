package galera

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// five is a shop of three on the first of five machines, and the spec of all five.
func five(t *testing.T, engine Engine) (s *sim, three, five Spec) {
	t.Helper()
	s, three = newSim(t, engine, "db1", "db2", "db3", "db4", "db5"), shop(engine)
	five = three
	five.Nodes = slices.Clone(three.Nodes)
	for i, name := range []string{"db4", "db5"} {
		five.Nodes = append(five.Nodes, host.Node{Name: name, Address: fmt.Sprintf("10.0.0.%d", 14+i)})
	}
	s.asked(three)
	s.must(three)
	three.Partial, five.Partial = true, true
	three.UUID = s.Nodes["db1"].UUID
	five.UUID = three.UUID
	return s, three, five
}

// asked has the machines of a spec asked and no others, those that leave among them.
func (s *sim) asked(spec Spec) {
	clear(s.hosts)
	for _, node := range slices.Concat(spec.Nodes, spec.Leaving) {
		for name, machine := range s.Machines {
			if strings.HasPrefix(machine.Facts.Addresses[1].CIDR, node.Address+"/") {
				s.hosts[node.Name] = host.New(node.Name, s.Machines[name])
			}
		}
	}
}

// started is when the server of each machine started last.
func (s *sim) started() map[string]int64 {
	started := map[string]int64{}
	for name, machine := range s.Machines {
		if unit := machine.Unit(s.engine.unit); unit.Running() {
			started[name] = unit.Started
		}
	}
	return started
}

// TestNodesThatJoinRestartNobody grows a cluster from three to five.
func TestNodesThatJoinRestartNobody(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, _, five := five(t, engine)
		// The donor would be db3.
		s.Machines["db3"].WriteFile("/run/held", "10.0.0.100/24\n")
		before := s.started()
		s.asked(five)
		s.must(five)
		after := s.started()
		delete(after, "db4")
		delete(after, "db5")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("when servers started (-before +after):\n%s", diff)
		}
		if members := s.end().Members; len(members) != 5 {
			t.Errorf("members %v", members)
		}
		if content := s.Machines["db2"].Files[s.engine.membersPath()].Content; !strings.Contains(content, "gcomm://10.0.0.11,10.0.0.12,10.0.0.13,10.0.0.14,10.0.0.15\nwsrep_sst_donor = db5,db4,db3,db1,\n") {
			t.Errorf("db2 is told:\n%s", content)
		}
	})
}

func TestEveryFaultWhileGrowing(t *testing.T) {
	s, _, spec := five(t, MariaDB)
	s.asked(spec)
	s.must(spec)
	want := s.end()
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, three, spec := five(t, MariaDB)
		started := s.started()
		s.asked(spec)
		s.faulty(spec, fault)
		if diff := cmp.Diff(want, s.end()); diff != "" {
			t.Errorf("end after %q (-want +got):\n%s", fault.Struck(), diff)
		}
		for _, node := range three.Nodes {
			if s.started()[node.Name] != started[node.Name] && !fault.Booted(node.Name) {
				t.Errorf("%s was restarted", node.Name)
			}
		}
	})
}

// TestTheMembersAreThoseOfTheSpec also where somebody has changed the file.
func TestTheMembersAreThoseOfTheSpec(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"list changed by hand": {
			func(s *sim) { s.Machines["db2"].WriteFile(s.engine.membersPath(), "# by hand\n") },
			map[string][]string{"db2": {"70-ha-members.cnf differs"}},
		},
	})
	spec := shop(MariaDB)
	spec.Settings["wsrep-sst-donor"] = "db2"
	file := membersFile(spec, spec.Nodes[0], nil)
	if strings.Contains(string(file.Content), "wsrep_sst_donor") {
		t.Errorf("the donor that somebody has chosen is contradicted:\n%s", file.Content)
	}
	if file.Path > spec.engine().configPath {
		t.Errorf("%s is read after %s", file.Path, spec.engine().configPath)
	}
}

func address(t *testing.T, text string) netip.Addr {
	t.Helper()
	parsed, err := netip.ParseAddr(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
