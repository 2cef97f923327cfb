package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// planned is an empty plan that was logged.
type planned struct {
	events
	span
	// logins are the connections of each node.
	logins map[string][]login
}

// reads are the reads of machines, and others those of anything else, in the order of their ends.
func (p planned) reads() (machines, others []call) {
	for _, c := range p.calls {
		switch {
		case c.name != "ReadResource" && c.name != "ReadDataSource":
		case c.provider == "ha":
			machines = append(machines, c)
		default:
			others = append(others, c)
		}
	}
	return machines, others
}

// covered is for how long at least one of the calls was going on.
func covered(calls []call) time.Duration {
	sorted := slices.SortedFunc(slices.Values(calls), func(a, b call) int { return a.from.Compare(b.from) })
	var whole time.Duration
	var until time.Time
	for _, c := range sorted {
		from := c.from
		if from.Before(until) {
			from = until
		}
		if c.to.After(from) {
			whole, until = whole+c.to.Sub(from), c.to
		}
	}
	return whole
}

// sayPhases prints what the time of a plan is made of, in its order.
func (s *site) sayPhases(p planned) {
	s.Helper()
	machines, others := p.reads()
	if len(machines) == 0 {
		s.Fatal("the log of the plan has no reads of machines")
	}
	all := slices.Concat(machines, others)
	first := slices.MinFunc(all, func(a, b call) int { return a.from.Compare(b.from) }).from
	last := slices.MaxFunc(all, func(a, b call) int { return a.to.Compare(b.to) }).to
	var starting time.Duration
	for _, start := range p.starts {
		starting = max(starting, start.length())
	}
	reading := covered(machines)
	s.say("site: an empty plan whose log has everything takes %.2f s:", p.length().Seconds())
	s.say("site:   %.2f s until the first resource is read: Terraform's own start, and %d processes of providers, at most %.2f s for one", first.Sub(p.from).Seconds(), len(p.starts), starting.Seconds())
	s.say("site:   %.2f s while machines are read", reading.Seconds())
	s.say("site:   %.2f s while only Linode's API is read, or Terraform goes from one resource to the next", (last.Sub(first) - reading).Seconds())
	s.say("site:   %.2f s after the last read: comparing, printing, ending", p.to.Sub(last).Seconds())
	s.ReportMetric(first.Sub(p.from).Seconds(), "plan-before-reads-s")
	s.ReportMetric(reading.Seconds(), "plan-reading-s")
	s.ReportMetric(p.to.Sub(last).Seconds(), "plan-after-reads-s")
}

// sayReads prints what each read of machines waits for. The node is the one that answered
// last, and what is left of the read is the provider's own work: framework, parsing, diff.
func (s *site) sayReads(p planned) {
	s.Helper()
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "from\tto\tread\tconnecting\tof that sshd\tcommand\tof that on the node\tanswer\tprovider\tslowest node\tresource\t")
	asked := map[string]int{}
	onNode := map[*command]span{}
	accepted := map[string]time.Duration{}
	slices.SortStableFunc(p.commands, func(a, b command) int { return a.to.Compare(b.to) })
	for i := range p.commands {
		c := &p.commands[i]
		logins := p.logins[c.node]
		if len(logins) != 1 || asked[c.node] >= len(logins[0].sessions) {
			continue // the log of that sshd has something else in it
		}
		onNode[c] = logins[0].sessions[asked[c.node]]
		accepted[c.node] = logins[0].accepting.length()
		asked[c.node]++
	}
	machines, _ := p.reads()
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	for _, read := range slices.SortedStableFunc(slices.Values(machines), func(a, b call) int { return a.from.Compare(b.from) }) {
		var slowest *command
		for i := range p.commands {
			if c := &p.commands[i]; c.call == read.name && c.resource == read.resource && (slowest == nil || c.to.After(slowest.to)) {
				slowest = c
			}
		}
		row := []string{seconds(read.from.Sub(p.from)), seconds(read.to.Sub(p.from)), seconds(read.length())}
		if slowest == nil {
			row = append(row, "", "", "", "", "", seconds(read.length()), "")
		} else {
			sshd := ""
			if slowest.connecting > time.Millisecond {
				sshd = seconds(accepted[slowest.node])
			}
			row = append(row, seconds(slowest.connecting), sshd, seconds(slowest.length()-slowest.connecting), seconds(onNode[slowest].length()),
				fmt.Sprintf("%.1f kB", float64(slowest.bytes)/1000), seconds(read.length()-slowest.length()), slowest.node)
		}
		fmt.Fprintln(table, strings.Join(append(row, cmp.Or(read.resource, read.name), ""), "\t"))
	}
	s.must(table.Flush())
	for line := range strings.Lines(text.String()) {
		s.say("site: %s", strings.TrimRight(line, "\n"))
	}
}
