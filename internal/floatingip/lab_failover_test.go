package floatingip_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/galera"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// drill is a cluster of three databases behind a floating IP, with clients that write
// through the address.
type drill struct {
	*site
	cluster galera.Spec
	// settings are the name of those that are measured; empty for the defaults, which are the
	// ones that anything is promised for.
	settings string
}

// opens starts a client for each write, five a second, also while others wait. A client
// gives up after 8 seconds.
const opens = `#!/bin/bash
i=0
while [ ! -e /tmp/stop ]; do
    i=$((i + 1))
    {
        if timeout 8 mariadb --defaults-file=/root/app.cnf -e "INSERT INTO word_press.opens VALUES ($1$i)" >/dev/null 2>&1
        then echo "ok $EPOCHREALTIME $1$i"; else echo failed; fi
    } &
    sleep 0.2
done
wait
`

// keeps writes over one connection, ten times a second, and opens another one when there is
// an error or no answer for 2.5 seconds.
const keeps = `#!/bin/bash
i=0
begin() { coproc C { exec mariadb --defaults-file=/root/app.cnf --unbuffered -N -B 2>/dev/null; } 2>/dev/null; to=${C[1]} from=${C[0]} pid=$C_PID; }
end() { kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; echo failed; }
trap '' PIPE
begin
while [ ! -e /tmp/stop ]; do
    i=$((i + 1))
    if echo "INSERT INTO word_press.keeps VALUES ($1$i); SELECT 'done', $1$i;" >&"$to" 2>/dev/null &&
        read -r -t 2.5 word id <&"$from" && [ "$word $id" = "done $1$i" ]
    then echo "ok $EPOCHREALTIME $1$i"; sleep 0.1; else end; sleep 0.1; begin; fi
done 2>/dev/null
kill -9 "$pid"
`

// requests works as a page does: over a connection of its own it makes a statement, thinks for
// 50 to 250 milliseconds, and makes another one. Ten begin in a second, also while others
// wait. The time to connect is that of the system.
const requests = `#!/bin/bash
i=0
while [ ! -e /tmp/stop ]; do
    i=$((i + 1))
    {
        think=$(((RANDOM % 5 + 1) * 5))
        if { echo "INSERT INTO word_press.requests VALUES ($1$i);"; sleep "0.$(printf %02d $think)"; echo 'SELECT COUNT(*) FROM word_press.requests WHERE id = 0;'; } |
            timeout 15 mariadb --no-defaults --host=10.88.0.100 --user=app --password=app-of-the-drill >/dev/null 2>&1
        then echo "ok $EPOCHREALTIME $1$i"; else echo failed; fi
    } &
    sleep 0.1
done
wait
`

// clients are those of a drill, and what each of them runs.
var clients = map[string]string{"opens": opens, "keeps": keeps, "requests": requests}

// profileOfDrill are the settings to measure: those that are the defaults, unless the
// environment names others.
func profileOfDrill(s *drill) {
	s.settings = os.Getenv("FAILOVER_SETTINGS")
	switch s.settings {
	case "":
	case "former":
		// The defaults before there were any for a LAN.
		s.cluster.Network, s.spec.AuthSecret = galera.WAN, "s3cret.."
		s.spec.Check.IntervalSeconds, s.spec.Check.TimeoutSeconds, s.spec.Check.Fall = 2, 3, 2
	case "wan":
		s.cluster.Network, s.spec.AuthSecret = galera.WAN, "s3cret.."
	case guide:
		s.cluster.Network, s.spec.AuthSecret = galera.WAN, "s3cret.."
		s.spec.Check.IntervalSeconds, s.spec.Check.Fall = 15, 4
	default:
		s.t.Fatalf("FAILOVER_SETTINGS is %q", s.settings)
	}
}

// guide are the settings of the guide that this provider replaces: a check every 15 seconds
// that has to fail four times, and units that tell Keepalived nothing.
const guide = "guide"

func newDrill(t *testing.T, name string) *drill {
	t.Helper()
	s := &drill{site: newSite(t, name, floatingip.Check{Kind: floatingip.CheckGalera})}
	s.spec.AuthSecret, s.spec.AdvertisementIntervalSeconds = "", 0
	client := s.Nodes[3].Address
	s.cluster = galera.Spec{
		Name: "shop", Engine: galera.MariaDB, Nodes: s.spec.Nodes, Clients: []string{client},
		Settings: map[string]string{"innodb_buffer_pool_size": "64M"}, ProviderOptions: map[string]string{},
		Databases: map[string]galera.Database{"word_press": {Charset: "utf8mb4"}},
		Users: map[string]galera.User{"app": {Hosts: []string{client}, Password: "app-of-the-drill", PasswordVersion: 1,
			Grants: map[string][]string{"word_press.*": {"ALL"}}}},
	}.Defaulted()
	profileOfDrill(s)
	s.spec = s.spec.Defaulted()
	_, err := reconcile.Converge(t.Context(),
		func(ctx context.Context) (galera.Status, error) {
			return galera.Observe(ctx, s.hosts.Views(), s.cluster), nil
		},
		func(status galera.Status) (galera.Plan, error) { return galera.Diff(s.cluster, status) },
		s.hosts, labtest.NewSteps(t))
	s.must(err)
	s.converge()
	if s.settings == guide {
		s.onAll("chmod 0644 " + tier.YieldProgram)
	}
	s.Run(probe, "apt-get -qq -y --no-install-recommends install mariadb-client >/dev/null 2>&1")
	files := map[string]string{
		"/root/app.cnf":   "[client]\nhost=10.88.0.100\nuser=app\npassword=app-of-the-drill\nconnect-timeout=1\n",
		"/root/tables.sh": "for t in opens keeps requests; do mariadb --defaults-file=/root/app.cnf -e \"CREATE TABLE word_press.$t (id BIGINT PRIMARY KEY)\"; done",
	}
	for client, script := range clients {
		files["/root/"+client+".sh"] = script
	}
	for file, content := range files {
		_, err := s.Exec(probe, "umask 077; cat >"+file, strings.NewReader(content))
		s.must(err)
	}
	s.Run(probe, "sh /root/tables.sh")
	return s
}

// fault is one fault of one machine.
type fault struct {
	name string
	// holder says that the machine is the one that has the address.
	holder bool
	// within is the promise for the longest time without a write, in seconds.
	within float64
	begin  func(s *drill, node string)
	end    func(s *drill, node string)
}

// drain and undrain do what a change of a cluster does with a machine.
func drain(s *drill, node string) {
	s.must(tier.Drain(s.t.Context(), s.hosts[node], tier.DrainMark("galera", "shop")))
}

func undrain(s *drill, node string) {
	s.must(tier.Return(s.t.Context(), s.hosts[node], tier.DrainMark("galera", "shop")))
}

// What is promised is 3 seconds for a failure of one database and 1 for an orderly stop. The
// clients of a loaded machine add half a second to the latter. A database that hangs is not
// told from a slow one until its check has failed twice, which is a second more on one.
const (
	disorderly = 3.0
	orderly    = 1.5
	hanging    = 4.0
)

func runs(line string) func(*drill, string) {
	return func(s *drill, node string) { s.Run(node, line) }
}

// faults are those that the documentation states times for.
func faults() []fault {
	powerOff := func(s *drill, node string) { s.must(s.PowerOff(node)) }
	powerOn := func(s *drill, node string) { s.must(s.Start(node)) }
	freeze := func(s *drill, node string) { s.must(s.Freeze(node)) }
	thaw := func(s *drill, node string) { s.must(s.Thaw(node)) }
	nothing := func(*drill, string) {}
	return []fault{
		{"database killed", true, disorderly, runs("pkill -9 -x mariadbd"), nothing},
		{"database stopped", true, orderly, runs("systemctl stop mariadb"), runs("systemctl start --no-block mariadb")},
		{"database restarted", true, orderly, runs("systemctl restart --no-block mariadb"), nothing},
		{"drained", true, orderly, drain, undrain},
		{"keepalived stopped", true, orderly, runs("systemctl stop keepalived"), runs("systemctl start keepalived")},
		{"database hangs", true, hanging, runs("pkill -STOP -x mariadbd"), runs("pkill -CONT -x mariadbd")},
		{"keepalived killed", true, disorderly, runs("pidof keepalived | tr ' ' '\\n' | sort -rn | xargs kill -9"), nothing},
		{"powered off", true, disorderly, powerOff, powerOn},
		{"isolated", true, disorderly, func(s *drill, node string) { s.must(s.Cut(false, node)) }, func(s *drill, _ string) { s.must(s.Heal()) }},
		{"frozen", true, disorderly, freeze, thaw},
		{"rebooted", true, orderly, func(s *drill, node string) { s.must(s.Reboot(node)) }, nothing},
		{"other database killed", false, disorderly, runs("pkill -9 -x mariadbd"), nothing},
		{"other database stopped", false, orderly, runs("systemctl stop mariadb"), runs("systemctl start --no-block mariadb")},
		{"other powered off", false, disorderly, powerOff, powerOn},
		{"other frozen", false, disorderly, freeze, thaw},
	}
}

// TestLabSecondDayOfFailover lets one fault after the other happen to three databases, while
// one client writes with a new connection each time and another one over one that it keeps.
func TestLabSecondDayOfFailover(t *testing.T) {
	labtest.SecondDay(t)
	s := newDrill(t, "keepalived-failover")
	for i, fault := range faults() {
		t.Run(fault.name, func(t *testing.T) {
			run := *s
			run.site = s.with(t)
			run.suffers(fault, i+1)
		})
	}
	s.keptAll()
	if s.settings != guide {
		s.empty()
	}
}

// settled waits until all three databases are members and one of them has the address.
func (s *drill) settled() {
	s.t.Helper()
	s.Until(2*time.Minute, "three members that are Synced", func() string {
		for _, node := range s.spec.Nodes {
			out, err := s.Exec(node.Name, `mariadb -NBe "SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_local_state', 'wsrep_cluster_status')" | sort; systemctl is-active keepalived`, nil)
			if words := strings.Fields(out); err != nil || !slices.Equal(words, []string{"wsrep_cluster_size", "3", "wsrep_cluster_status", "Primary", "wsrep_local_state", "4", "active"}) {
				return node.Name + " says " + strings.Join(words, " ")
			}
		}
		return ""
	})
	s.holder()
}

// views is how often the cluster has had another list of members.
func (s *drill) views(node string) int {
	count, _ := strconv.Atoi(s.Run(node, `mariadb -NBe "SHOW STATUS LIKE 'wsrep_cluster_conf_id'" | cut -f2`))
	return count
}

// moves counts how often a machine became the holder since a time of the client's clock,
// which is that of all machines.
func (s *drill) moves(since string) int {
	total := 0
	for _, node := range s.spec.Nodes {
		count, _ := strconv.Atoi(s.Run(node.Name, "journalctl -u keepalived --since @"+since+" --no-pager -o cat | grep -c 'Entering MASTER STATE' || :"))
		total += count
	}
	return total
}

func (s *drill) suffers(fault fault, number int) {
	s.settled()
	node := s.holder()
	survivor := s.spec.Nodes[2].Name
	if node == survivor {
		survivor = s.spec.Nodes[0].Name
	}
	if !fault.holder {
		for _, other := range s.spec.Nodes {
			if other.Name != node {
				survivor, node = node, other.Name
				break
			}
		}
	}
	views := s.views(survivor)
	since := s.begins(number)
	fault.begin(s, node)
	if s.waits(10); s.settings == guide {
		s.waits(65)
	}
	during := s.gaps(number, s.clock())
	fault.end(s, node)
	s.waits(8)
	s.settled()
	after := s.ends(number)
	load, moves := s.load(), s.moves(since)
	s.t.Logf("DRILL %-24s new connections: %s; one connection: %s; requests: %s; over all %s, %s and %s; moves %d, views %d, load %s",
		fault.name, during["opens"], during["keeps"], during["requests"], after["opens"], after["keeps"], after["requests"], moves, s.views(survivor)-views, load)
	if s.settings != "" {
		return
	}
	if most := map[bool]int{true: 1}[fault.holder]; moves > most {
		s.t.Errorf("%s: the address moved %d times, and %d are allowed", fault.name, moves, most)
	}
	if failed := after["requests"].failures; failed > 0 && fault.within == orderly {
		s.t.Errorf("%s: %d requests failed, and a move in order breaks none", fault.name, failed)
	}
	for _, client := range slices.Sorted(maps.Keys(after)) {
		if after[client].longest > fault.within {
			s.t.Errorf("%s: %.2f s without a write of the client that %s, and %.1f s are allowed", fault.name, after[client].longest, client, fault.within)
		}
	}
}

// begins starts the clients, and returns the time at which it did.
func (s *drill) begins(number int) (since string) {
	s.t.Helper()
	start := "rm -f /tmp/stop; date +%%s;"
	for client := range clients {
		start += " nohup bash /root/" + client + ".sh %[1]d000 >/tmp/" + client + "-%[1]d 2>/dev/null &"
	}
	since = s.Run(probe, fmt.Sprintf(start, number))
	s.waits(3)
	return since
}

// ends stops the clients, and returns what they saw.
func (s *drill) ends(number int) map[string]gap {
	s.t.Helper()
	until := s.clock()
	s.Run(probe, "touch /tmp/stop; sleep 1")
	return s.gaps(number, until)
}

// clock is the time of the clients.
func (s *drill) clock() float64 {
	s.t.Helper()
	now, err := strconv.ParseFloat(s.Run(probe, "date +%s.%N"), 64)
	s.must(err)
	return now
}

func (s *drill) waits(seconds int) {
	for ; seconds > 0; seconds -= 30 {
		s.Run(probe, fmt.Sprint("sleep ", min(seconds, 30)))
	}
}

func (s *drill) load() string { return s.Run(probe, "cut -d' ' -f1 /proc/loadavg") }

// gap is what a client saw.
type gap struct {
	writes, failures int
	longest          float64
}

func (g gap) String() string {
	return fmt.Sprintf("%.2f s (%d writes, %d failed)", g.longest, g.writes, g.failures)
}

// gaps is what the clients have seen until a time of their clock: one that writes no more has
// a gap that is not over.
func (s *drill) gaps(number int, until float64) map[string]gap {
	s.t.Helper()
	found := map[string]gap{}
	for client := range clients {
		var seen gap
		var times []float64
		for line := range strings.Lines(s.Run(probe, fmt.Sprintf("cat /tmp/%s-%d", client, number))) {
			words := strings.Fields(line)
			if len(words) == 3 && words[0] == "ok" {
				at, _ := strconv.ParseFloat(words[1], 64)
				times = append(times, at)
			} else {
				seen.failures++
			}
		}
		slices.Sort(times)
		seen.writes = len(times)
		for i := 1; i < len(times); i++ {
			seen.longest = max(seen.longest, times[i]-times[i-1])
		}
		if len(times) > 0 {
			seen.longest = max(seen.longest, until-times[len(times)-1])
		}
		if seen.writes < 10 {
			s.t.Errorf("the client that %s wrote %d rows", client, seen.writes)
		}
		found[client] = seen
	}
	return found
}

// keptAll wants every acknowledged row on every node.
func (s *drill) keptAll() {
	s.settled()
	for client := range clients {
		acknowledged := strings.Fields(s.Run(probe, "sed -n 's/^ok .* //p' /tmp/"+client+"-*"))
		for _, node := range s.spec.Nodes {
			rows := map[string]bool{}
			for _, row := range strings.Fields(s.Run(node.Name, "mariadb -N -e 'SET SESSION wsrep_sync_wait=1; SELECT id FROM word_press."+client+"'")) {
				rows[row] = true
			}
			lost := slices.DeleteFunc(slices.Clone(acknowledged), func(id string) bool { return rows[id] })
			s.t.Logf("KEPT %s: %s has %d of %d acknowledged rows", client, node.Name, len(acknowledged)-len(lost), len(acknowledged))
			if len(lost) > 0 {
				s.t.Errorf("%s has lost %d acknowledged rows of the client that %s: %v", node.Name, len(lost), client, lost)
			}
		}
	}
}
