package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// What the change of a node waits for, in the order of the columns.
const (
	forVisitors = "drain: visitors leave, the NodeBalancer's checks find the node down"
	forAddress  = "drain: the floating IP moves"
	forStop     = "the service stops"
	forStart    = "the service starts"
	forSynced   = "state transfer, Synced, heal"
	forBalancer = "the NodeBalancer's checks find the node up"
	forHealth   = "verification: health, a page, one holder"
	forLooks    = "looks at the machines"
	forCommands = "other commands on machines"
	forRest     = "APIs, the provider itself"
)

func reasonsToWait() []string {
	return []string{forVisitors, forAddress, forStop, forStart, forSynced, forBalancer, forHealth, forLooks, forCommands, forRest}
}

// reasonOf tells waits and commands apart by how they are called; all that is not known
// by name is a command.
func reasonOf(what string) string {
	for _, known := range []struct{ part, reason string }{
		{"visitors to leave", forVisitors},
		{"the balancer to", forBalancer},
		{"the cluster to be whole", forSynced},
		{"to be Synced", forSynced},
		{"to be healed", forSynced},
		{"to have all files", forSynced},
		{"galera-member", forSynced},
		{"tier-drain", forAddress},
		{"to be able to hold", forAddress},
		{"that can take over", forAddress},
		{"one holder of", forHealth},
		{"to be served", forHealth},
		{"to be connected", forHealth},
		{"web-ask-page", forHealth},
		{"web-await-health", forHealth},
		{"batch", forLooks},
		{"units", forStart},
	} {
		if strings.Contains(what, known.part) {
			return known.reason
		}
	}
	if strings.HasPrefix(what, "/") { // the page of the check
		return forHealth
	}
	return forCommands
}

// activity is something that was waited for.
type activity struct {
	span
	reason string
}

// unitLine is a line of systemd about a service, in journalctl's format short-unix.
var unitLine = regexp.MustCompile(`(?m)^(\d+)\.(\d{6}) .* systemd\[1\]: (Stopping|Stopped|Starting|Started) (\S+\.service)`)

// readUnits returns when services were stopped and started, by what systemd wrote.
func readUnits(journal string) []activity {
	var found []activity
	begun := map[string]time.Time{}
	for _, fields := range unitLine.FindAllStringSubmatch(journal, -1) {
		seconds, _ := strconv.ParseInt(fields[1], 10, 64)
		micros, _ := strconv.ParseInt(fields[2], 10, 64)
		at := time.Unix(seconds, micros*1000).UTC()
		ending := map[string]string{"Stopped": "Stopping", "Started": "Starting"}[fields[3]]
		if ending == "" {
			begun[fields[3]+fields[4]] = at
			continue
		}
		if from, known := begun[ending+fields[4]]; known {
			reason := map[string]string{"Stopped": forStop, "Started": forStart}[fields[3]]
			found = append(found, activity{span{from, at}, reason})
			delete(begun, ending+fields[4])
		}
	}
	return found
}

// changed is the change of one node.
type changed struct {
	span
	node     string
	commands int
	waits    map[string]time.Duration
}

// readRoll splits the changes of nodes that a run made one after the other in a resource.
// Of what goes on at the same time, that counts which is known best: what systemd says of
// the services of the node, the waits that have a name, then the commands.
func readRoll(of events, resource string, units map[string][]activity) []changed {
	var nodes []changed
	for _, step := range slices.SortedStableFunc(slices.Values(of.steps), func(a, b stepped) int { return a.from.Compare(b.from) }) {
		if step.resource != resource || step.node == "" {
			continue
		}
		place := slices.IndexFunc(nodes, func(c changed) bool { return c.node == step.node })
		if place < 0 {
			nodes, place = append(nodes, changed{span: step.span, node: step.node, waits: map[string]time.Duration{}}), len(nodes)
		}
		nodes[place].to = step.to
	}
	for i := range nodes {
		one := &nodes[i]
		ranked := [][]activity{units[one.node], nil, nil}
		for _, wait := range of.waits {
			ranked[1] = append(ranked[1], activity{wait.span, reasonOf(wait.what)})
		}
		for _, command := range of.commands {
			ranked[2] = append(ranked[2], activity{command.span, reasonOf(command.name)})
			if command.from.Before(one.to) && command.to.After(one.from) {
				one.commands++
			}
		}
		split(one, ranked)
	}
	return nodes
}

// split gives every moment of a change to one reason, that of the first rank if it has one.
func split(one *changed, ranked [][]activity) {
	edges := []time.Time{one.from, one.to}
	for _, activities := range ranked {
		for _, a := range activities {
			for _, edge := range []time.Time{a.from, a.to} {
				if edge.After(one.from) && edge.Before(one.to) {
					edges = append(edges, edge)
				}
			}
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	for i := range edges[1:] {
		piece := span{edges[i], edges[i+1]}
		one.waits[reasonIn(piece, ranked)] += piece.length()
	}
}

func reasonIn(piece span, ranked [][]activity) string {
	for _, activities := range ranked {
		for _, a := range activities {
			if !a.from.After(piece.from) && !a.to.Before(piece.to) {
				return a.reason
			}
		}
	}
	return forRest
}

// sayRoll prints what the changes of nodes waited for. The last column is how many
// commands were run meanwhile, on any machine.
func (b bench) sayRoll(what string, nodes []changed, whole span) {
	b.Helper()
	var text strings.Builder
	width := 0
	for _, reason := range reasonsToWait() {
		width = max(width, len(reason))
	}
	table := tabwriter.NewWriter(&text, 0, 8, 2, ' ', tabwriter.AlignRight)
	row := func(title string, cell func(changed) string) {
		cells := []string{fmt.Sprintf("%-*s", width, title)}
		for _, node := range nodes {
			cells = append(cells, cell(node))
		}
		fmt.Fprintln(table, strings.Join(cells, "\t")+"\t")
	}
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
	row(what, func(c changed) string { return c.node })
	for _, reason := range reasonsToWait() {
		if slices.ContainsFunc(nodes, func(c changed) bool { return c.waits[reason] >= 5*time.Millisecond }) {
			row(reason, func(c changed) string { return seconds(c.waits[reason]) })
		}
	}
	row("in all", func(c changed) string { return seconds(c.length()) })
	row("commands", func(c changed) string { return strconv.Itoa(c.commands) })
	b.must(table.Flush())
	for line := range strings.Lines(text.String()) {
		b.say("%s", strings.TrimRight(line, "\n"))
	}
	before, after, between := nodes[0].from.Sub(whole.from), whole.to.Sub(nodes[len(nodes)-1].to), time.Duration(0)
	for i := range nodes[1:] {
		between += max(0, nodes[i+1].from.Sub(nodes[i].to)) // the log has milliseconds
	}
	b.say("%s: and %.1f s before the first node (Terraform, the refresh, a look), %.1f s between nodes, %.1f s after the last (verification, other resources, Terraform)",
		what, before.Seconds(), between.Seconds(), after.Seconds())
}

// roll is a change that is made one node after the other.
type roll struct{ what, resource, files, databases, variable string }

func rolls() []roll {
	return []roll{
		{what: "a setting of the databases", resource: "galera_cluster.website", variable: `TF_VAR_database_settings={"back_log":"100"}`},
		{what: "a restart of Keepalived", resource: "floating_ip.website", databases: `floating_ip_restart_trigger = "bench"`},
		{what: "a restart of the file servers", resource: "gluster_volume.content", files: `restart_trigger = "bench"`},
		{what: "another name of the web servers", resource: "web_tier.website", variable: "TF_VAR_server_name=www.example.org"},
	}
}

// rolled makes the changes, each on top of those before.
func (s *site) rolled() {
	s.Helper()
	hardware, machines := s.machines()
	var files, databases string
	for _, change := range rolls() {
		files, databases = files+change.files+"\n", databases+change.databases+"\n"
		s.must(os.WriteFile(filepath.Join(s.work, "rolled_override.tf"), fmt.Appendf(nil, rolledOverride, files, databases), 0o600))
		if change.variable != "" {
			s.environment = append(s.environment, change.variable)
		}
		marks := map[string]string{}
		for _, one := range machines {
			marks[one.ID] = s.sh(hardware, one, mark)
		}
		begun := time.Now()
		s.measured("site: "+change.what+", node after node", func() error { return s.apply() })
		whole := span{begun, time.Now()}
		units := map[string][]activity{}
		for _, one := range machines {
			units[website.NodeOf(one.Label)] = readUnits(s.sh(hardware, one, sinceOfSystemd, marks[one.ID]))
		}
		nodes := readRoll(s.events(), change.resource, units)
		if len(nodes) == 0 {
			s.Errorf("%s changed no node", change.what)
			continue
		}
		s.sayRoll(change.what, nodes, whole)
		var longest time.Duration
		for _, node := range nodes {
			longest = max(longest, node.length())
		}
		name, _, _ := strings.Cut(change.resource, ".")
		s.ReportMetric(longest.Seconds(), name+"-node-s")
	}
}

// rolledOverride is the example with more arguments for files and databases.
const rolledOverride = `module "website" {
  files = {
    nodes                = var.file_nodes
    type                 = var.file_node_type
    allow_root_partition = var.allow_root_partition
    os                   = var.os
    %s
  }
  databases = {
    nodes    = var.database_nodes
    type     = var.database_node_type
    settings = var.database_settings
    os       = var.os
    %s
  }
}
`

func TestReadRoll(t *testing.T) {
	at := func(milliseconds int64) time.Time { return time.UnixMilli(1700000000000 + milliseconds).UTC() }
	run := events{
		steps: []stepped{
			{span{at(100), at(4000)}, "galera_cluster.website", "db1", "restart mariadb.service"},
			{span{at(4000), at(5000)}, "galera_cluster.website", "db2", "restart mariadb.service"},
			{span{at(0), at(9000)}, "web_tier.website", "web1", "drain"},
		},
		waits: []waited{{span{at(200), at(500)}, "db1", "the cluster to be whole"}},
		commands: []command{
			{span: span{at(150), at(180)}, node: "db1", name: "batch"},
			{span: span{at(300), at(400)}, node: "db2", name: "batch"}, // part of the wait
			{span: span{at(500), at(900)}, node: "db1", name: "tier-drain"},
			{span: span{at(900), at(3900)}, node: "db1", name: "galera-member"},
		},
	}
	units := map[string][]activity{"db1": readUnits(`1700000000.950000 db1 systemd[1]: Stopping mariadb.service - MariaDB database server...
1700000001.950000 db1 systemd[1]: Stopped mariadb.service - MariaDB database server.
1700000001.950000 db1 systemd[1]: Starting mariadb.service - MariaDB database server...
1700000003.700000 db1 systemd[1]: Started mariadb.service - MariaDB database server.
`)}
	got := readRoll(run, "galera_cluster.website", units)
	want := []changed{
		{span: span{at(100), at(4000)}, node: "db1", commands: 4, waits: map[string]time.Duration{
			forLooks: 30 * time.Millisecond, forAddress: 400 * time.Millisecond, forStop: time.Second, forStart: 1750 * time.Millisecond,
			forSynced: 300*time.Millisecond + 250*time.Millisecond, forRest: (50 + 20 + 100) * time.Millisecond,
		}},
		{span: span{at(4000), at(5000)}, node: "db2", waits: map[string]time.Duration{forRest: time.Second}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(changed{}, span{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
