package galera

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// labAddress stands for a floating IP: an address that a node has for a while.
const labAddress = "10.88.0.100"

// keepsStrangersOut scans a node from machines that are no nodes, at its own address
// and at a floating one, and flushes and boots what keeps them out.
func (s *site) keepsStrangersOut() {
	db1 := s.Nodes[0].Address
	s.Run("db1", "ip address add "+labAddress+"/24 dev eth1")
	defer s.Run("db1", "ip address del "+labAddress+"/24 dev eth1; systemctl stop probe-4444 probe-4568")
	// The ports of a state transfer, which nobody listens at now.
	s.Run("db1", "for p in 4444 4568; do systemd-run --quiet --collect --unit probe-$p socat TCP-LISTEN:$p,fork,reuseaddr EXEC:true; done")
	listening := s.listening("db1")
	for _, port := range []int{22, 3306, 4444, 4567, 4568, guardPort} {
		if !slices.Contains(listening, port) {
			s.t.Errorf("db1 does not listen at %d: %v", port, listening)
		}
	}
	for _, at := range []string{db1, labAddress} {
		s.answers("stranger", at, listening, []int{22})
		s.answers("client", at, listening, []int{22, 3306})
	}
	s.answers("db2", db1, listening, listening)

	before := s.observe().Nodes["db1"].Wsrep.View
	s.Run("db1", "nft flush ruleset")
	s.answers("stranger", db1, listening, listening) // so that the scan is known to see
	s.Run("db2", "nft insert rule inet terraform_ha_galera input accept")
	want := map[string][]string{"db1": {"the packet filter is not loaded"}, "db2": {"the packet filter was changed after it was loaded"}}
	if diff := cmp.Diff(want, s.drift()); diff != "" {
		s.t.Errorf("drift (-want +got):\n%s", diff)
	}
	s.converge()
	s.answers("stranger", db1, listening, []int{22})
	s.answers("stranger", s.Nodes[1].Address, []int{22, 3306, 4567, guardPort}, []int{22})
	if after := s.observe().Nodes["db1"].Wsrep.View; after != before {
		s.t.Errorf("members came or went while the filter was loaded: view %s became %s", before, after)
	}

	labMust(s.t, s.Reboot("db3"))
	labMust(s.t, s.WaitBooted("db3"))
	s.converge()
	if order := s.Run("db3", "systemctl show -p ActiveEnterTimestampMonotonic --value terraform-ha-filter mariadb"); !increases(s.t, order) {
		s.t.Errorf("the filter was not loaded before the server started: %s", order)
	}
	s.answers("stranger", s.Nodes[2].Address, []int{22, 3306, 4567, guardPort}, []int{22})
}

// increases reports whether two numbers, on lines of their own, do.
func increases(t *testing.T, lines string) bool {
	t.Helper()
	words := strings.Fields(lines)
	if len(words) != 2 {
		t.Fatalf("two times are %q", lines)
	}
	first, err := strconv.ParseInt(words[0], 10, 64)
	labMust(t, err)
	second, err := strconv.ParseInt(words[1], 10, 64)
	labMust(t, err)
	return 0 < first && first < second
}

// listening are the TCP ports at which a node may be reached from outside.
func (s *site) listening(node string) []int {
	s.t.Helper()
	var ports []int
	for _, word := range strings.Fields(s.Run(node, `ss -Hltn | awk '$4 !~ /^(127\.|\[::1\])/ { sub(/.*:/, "", $4); print $4 }' | sort -nu`)) {
		port, err := strconv.Atoi(word)
		labMust(s.t, err)
		ports = append(ports, port)
	}
	return ports
}

// answers wants exactly these of some ports at an address to take a connection from
// a machine. It tries all of them at the same time.
func (s *site) answers(from, at string, ports, want []int) {
	s.t.Helper()
	var list []string
	for _, port := range ports {
		list = append(list, fmt.Sprint(port))
	}
	out := s.outside.Run(from, fmt.Sprintf(`for p in %s; do { timeout 3 bash -c "</dev/tcp/%s/$p" 2>/dev/null && echo $p; } & done; wait`, strings.Join(list, " "), at))
	var open []int
	for _, word := range strings.Fields(out) {
		port, err := strconv.Atoi(word)
		labMust(s.t, err)
		open = append(open, port)
	}
	slices.Sort(open)
	if diff := cmp.Diff(want, open); diff != "" {
		s.t.Errorf("%s reaches at %s (-want +got):\n%s", from, at, diff)
	}
}
