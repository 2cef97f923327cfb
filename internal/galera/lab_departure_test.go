package galera

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// TestLabSecondDayOfAWholeFleet replaces all three machines of a cluster behind a floating
// IP, while a client writes at the address.
func TestLabSecondDayOfAWholeFleet(t *testing.T) {
	labtest.SecondDay(t)
	s := newSiteOf(t, "galera-fleet", "db1", "db2", "db3", "client", "m4", "m5", "m6")
	s.spec.Users = map[string]User{"wordpress": {Name: "wordpress", Hosts: []string{"10.88.0.0/16"}, Password: "fleet", PasswordVersion: 1,
		Grants: map[string][]string{"word_press.*": {"ALL"}}}}
	s.converge()
	s.spec.UUID, s.spec.Partial = s.observe().UUIDs()[0], true
	address := floatingip.Spec{Name: "db", Address: labAddress + "/24", Nodes: s.spec.Nodes, Check: floatingip.Check{Kind: floatingip.CheckGalera}, AuthSecret: "s3cret.."}
	s.floats(address)
	kinds := []string{"fresh", "kept"}
	labMust(t, s.outside.Hosts["client"].InstallPackages(t.Context(), []string{"mariadb-client"}))
	s.Run("db1", "mariadb -e 'CREATE TABLE word_press.fresh (id INT PRIMARY KEY); CREATE TABLE word_press.kept (id INT PRIMARY KEY)'")
	for _, kind := range kinds {
		s.outside.Run("client", fmt.Sprintf(clientOf[kind], "mariadb --connect-timeout=3 -N -h "+labAddress+" -uwordpress -pfleet"))
	}
	s.writes(kinds, 20)

	took := labtest.Time(t, "replace all machines of the cluster")
	s.declares(map[string]string{"db1": "m4", "db2": "m5", "db3": "m6"})
	if err := s.try(); err != nil {
		t.Fatal(err)
	}
	took()
	status := s.observe()
	departing := status.departing(s.spec)
	if len(departing) != 1 || len(status.Nodes[departing[0]].Holds) != 1 {
		t.Fatalf("%v depart after the floating IP, of %v", departing, Notices(s.spec, status))
	}
	t.Logf("TIME %s is left to the floating IP", departing[0])
	took = labtest.Time(t, "replace all machines of the floating IP")
	address.Nodes, address.Leaving = s.spec.Nodes, s.spec.Leaving
	s.floats(address)
	took()
	for _, machine := range []string{"db1", "db2", "db3"} {
		s.left(machine)
	}
	if out := s.outside.Run("db1", "ls /var/lib/terraform-ha"); strings.Contains(out, ".departure") || strings.Contains(out, "galera-shop.json") {
		t.Errorf("db1 still has\n%s", out)
	}
	s.writes(kinds, 20)
	s.settled()
	if size := s.observe().Nodes["db1"].Wsrep.Size; size != 3 {
		t.Errorf("db1 sees %d members", size)
	}
	s.outside.Run("client", "touch /var/tmp/stop; sleep 4")
	for _, kind := range kinds {
		s.acknowledged(kind)
	}
}

// clientOf are the loops of clients, each of which needs the command line that connects.
// That waits for 3 seconds: an address that moves in order drops the first packet of a
// connection, and the kernel of the client sends the next one a second later.
var clientOf = map[string]string{
	"fresh": `nohup bash -c 'i=0; while [ ! -e /var/tmp/stop ]; do i=$((i+1))
if timeout 5 %s -e "INSERT INTO word_press.fresh VALUES ($i)" 2>>/var/tmp/err-fresh; then echo ok $(date +%%s.%%N) $i; else echo failed $(date +%%s.%%N) $i; fi
done' >/var/tmp/log-fresh 2>&1 & :`,
	"kept": `nohup bash -c 'i=0; while [ ! -e /var/tmp/stop ]; do
coproc DB { %s --unbuffered 2>>/var/tmp/err-kept; }
to=${DB[1]} from=${DB[0]} pid=$DB_PID
while [ ! -e /var/tmp/stop ]; do i=$((i+1)) got=
{ echo "INSERT INTO word_press.kept VALUES ($i); SELECT $i;" >&$to; } 2>/dev/null && read -r -t 5 got <&$from
[ "$got" = $i ] || { echo failed $(date +%%s.%%N) $i; break; }
echo ok $(date +%%s.%%N) $i; sleep 0.02
done
kill $pid; wait
done' >/var/tmp/log-kept 2>&1 & :`,
}

// floats makes the floating IP what is declared of it.
func (s *site) floats(spec floatingip.Spec) {
	s.t.Helper()
	hosts := host.Hosts{}
	for _, node := range slices.Concat(spec.Nodes, spec.Leaving) {
		hosts[node.Name] = s.Hosts[node.Name]
	}
	labMust(s.t, floatingip.Open(hosts, spec).Converge(s.t.Context(), labtest.NewSteps(s.t)))
}

// writes waits until clients have written some rows more.
func (s *site) writes(kinds []string, more int) {
	s.t.Helper()
	count := func(kind string) int {
		count, _ := strconv.Atoi(s.outside.Run("client", "grep -c ^ok /var/tmp/log-"+kind+" || :"))
		return count
	}
	before := map[string]int{}
	for _, kind := range kinds {
		before[kind] = count(kind)
	}
	s.Until(time.Minute, "rows of "+strings.Join(kinds, ", "), func() string {
		for _, kind := range slices.Sorted(maps.Keys(before)) {
			if count(kind) < before[kind]+more {
				return kind + ": " + s.outside.Run("client", "tail -n 2 /var/tmp/err-"+kind+" 2>&1 || :")
			}
		}
		return ""
	})
}

// acknowledged wants every acknowledged row of a client on every node.
func (s *site) acknowledged(kind string) {
	s.t.Helper()
	var rows []string
	failed, longest, last := 0, 0.0, 0.0
	for line := range strings.Lines(s.outside.Run("client", "cat /var/tmp/log-"+kind)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "ok" {
			failed++
			continue
		}
		at, err := strconv.ParseFloat(fields[1], 64)
		labMust(s.t, err)
		if last > 0 {
			longest = max(longest, at-last)
		}
		last = at
		rows = append(rows, fields[2])
	}
	lost := 0
	for _, node := range s.spec.Nodes {
		out, err := s.on(node, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT id FROM word_press."+kind+"'")
		labMust(s.t, err)
		lost += len(without(rows, strings.Fields(out)))
	}
	s.t.Logf("TIME %s connections: acknowledged %d rows, lost %d, failed %d, longest gap %.2f s", kind, len(rows), lost, failed, longest)
	// A connection that is kept breaks when the address moves.
	if lost > 0 || longest > 5 || len(rows) < 100 || kind == "fresh" && failed > 0 {
		s.t.Errorf("%s: acknowledged %d rows, lost %d, failed %d, longest gap %.2f s: %s", kind, len(rows), lost, failed, longest, s.outside.Run("client", "tail -n 5 /var/tmp/err-"+kind+" || :"))
	}
}
