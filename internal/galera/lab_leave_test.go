package galera

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// serverStarts is when the server of each node started last.
func (s *site) serverStarts(names ...string) map[string]string {
	starts := map[string]string{}
	for _, name := range names {
		starts[name] = s.Run(name, "systemctl show -p ExecMainStartTimestampMonotonic --value mariadb")
	}
	return starts
}

// tally ends a load and wants every row that was acknowledged on every node.
func (s *site) tally(what, on, table string, stop func() (int, int, float64)) {
	s.t.Helper()
	commits, failures, gap := stop()
	acknowledged := strings.Fields(s.Run(on, "sed -n 's/^ok .* //p' /var/tmp/log-"+table))
	lost := 0
	for _, node := range s.spec.Nodes {
		out, err := s.on(node, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT id FROM word_press."+table+"'")
		labMust(s.t, err)
		missing := without(acknowledged, strings.Fields(out))
		lost += len(missing)
		if len(missing) > 0 {
			s.t.Errorf("%s has lost %v", node.Name, missing)
		}
	}
	s.t.Logf("TIME %s: acknowledged %d rows, lost %d, failed %d, longest gap %.2f s", what, len(acknowledged), lost, failures, gap)
	if failures > 0 || commits < 20 || gap >= 15 {
		s.t.Errorf("%d rows were acknowledged, %d failed, longest gap %.2f s: %s", commits, failures, gap, s.Run(on, "tail -n 3 /var/tmp/err-"+table))
	}
}

// on runs a line on the machine of a node, which is known by its address.
func (s *site) on(node host.Node, line string) (string, error) {
	for _, machine := range s.outside.Nodes {
		if machine.Address == node.Address {
			return s.outside.Exec(machine.Name, line, nil)
		}
	}
	return "", fmt.Errorf("no machine has the address %s", node.Address)
}

// declares makes the nodes of the spec those of some machines, by name, and has the
// others leave. The hosts are those of all.
func (s *site) declares(machines map[string]string) {
	s.t.Helper()
	before := s.spec.Nodes
	s.spec.Nodes, s.spec.Leaving = nil, nil
	hosts := host.Hosts{}
	machineAt := map[string]string{}
	for _, machine := range s.outside.Nodes {
		machineAt[machine.Address] = machine.Name
	}
	addressOf := map[string]string{}
	for address, machine := range machineAt {
		addressOf[machine] = address
	}
	for _, name := range slices.Sorted(maps.Keys(machines)) {
		s.spec.Nodes = append(s.spec.Nodes, host.Node{Name: name, Address: addressOf[machines[name]]})
		hosts[name] = s.outside.As(name, machines[name])
	}
	for _, was := range before {
		name := was.Name
		machine, declared := machines[name]
		switch {
		case !declared:
		case addressOf[machine] == was.Address:
			continue
		default:
			name = tier.FormerName(name)
		}
		s.spec.Leaving = append(s.spec.Leaving, host.Node{Name: name, Address: was.Address})
		hosts[name] = s.outside.As(name, machineAt[was.Address])
	}
	clear(s.Hosts)
	maps.Copy(s.Hosts, hosts)
}

// settled wants an empty plan also of who knows nothing of the machines that have left.
func (s *site) settled() {
	s.t.Helper()
	for _, leaver := range s.spec.Leaving {
		delete(s.Hosts, leaver.Name)
	}
	s.spec.Leaving = nil
	s.converge()
}

// left wants a machine to have nothing of ours but the data and the held packages.
func (s *site) left(machine string) {
	s.t.Helper()
	got := s.outside.Run(machine, `systemctl is-active mariadb terraform-ha-galera.socket terraform-ha-galera.service; systemctl is-enabled mariadb
ls -d /etc/mysql/mariadb.conf.d/70-ha* /etc/systemd/system/mariadb.service.d/ha* /var/lib/terraform-ha/galera-shop.json 2>/dev/null
nft list tables | grep galera; ls -d /var/lib/mysql/word_press; [ -e /run/terraform-ha/drain ] && echo drained; :`)
	if diff := cmp.Diff("inactive\ninactive\ninactive\ndisabled\n/var/lib/mysql/word_press", got); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", machine, diff)
	}
}

// growsAndShrinks takes the machines of the client and of the stranger as nodes for a
// while. Nobody else is restarted.
func (s *site) growsAndShrinks() {
	s.spec.Partial, s.spec.UUID = true, s.observe().UUIDs()[0]
	three := map[string]string{"db1": "db1", "db2": "db2", "db3": "db3"}
	five := maps.Clone(three)
	five["db4"], five["db5"] = "client", "stranger"
	starts := s.serverStarts("db1", "db2", "db3")
	stop := s.writer("db1", "resized")

	grown := labtest.Time(s.t, "three to five")
	s.declares(five)
	s.converge()
	grown()
	if size := s.observe().Nodes["db1"].Wsrep.Size; size != 5 {
		s.t.Errorf("db1 sees %d members", size)
	}
	shrunk := labtest.Time(s.t, "five to three")
	s.declares(three)
	s.convergeInPieces()
	shrunk()
	s.settled()
	s.tally("three to five to three", "db1", "resized", stop)
	if diff := cmp.Diff(starts, s.serverStarts("db1", "db2", "db3")); diff != "" {
		s.t.Errorf("when servers started (-before +after):\n%s", diff)
	}
	s.left("client")
	s.left("stranger")
}
