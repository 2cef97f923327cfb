package floatingip_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabSecondDay takes a floating IP from three machines to four and back, the holder
// leaving, and replaces a dead one, while a client opens connections at the address. Each step
// for machines that are alive is cut short.
func TestLabSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	lab := labtest.Boot(t, "keepalived-members", "db1", "db2", "db3", "db4", probe)
	s := &site{Lab: lab, t: t, hosts: maps.Clone(lab.Hosts)}
	db := map[string]host.Node{}
	for _, node := range lab.Nodes {
		db[node.Name] = node
	}
	s.spec = floatingip.Spec{Name: "db", Address: "10.88.0.100/24", Check: floatingip.Check{Kind: floatingip.CheckTCP, Port: 22}, AuthSecret: "s3cret.."}
	// declare makes nodes of machines, and connects to those and to the ones that leave.
	declare := func(nodes, leaving map[string]string, connected ...string) {
		s.spec.Nodes, s.spec.Leaving, s.hosts = nil, nil, host.Hosts{}
		for _, name := range []string{"db1", "db2", "db3", "db4", "db5"} {
			if machine, declared := nodes[name]; declared {
				s.spec.Nodes = append(s.spec.Nodes, host.Node{Name: name, Address: db[machine].Address})
				s.hosts[name] = lab.Hosts[machine]
			}
		}
		for name, machine := range leaving {
			s.spec.Leaving = append(s.spec.Leaving, host.Node{Name: name, Address: db[machine].Address})
		}
		for _, name := range connected {
			s.hosts[name] = lab.Hosts[leaving[name]]
		}
		s.spec = s.spec.Defaulted()
	}
	// settled looks at the nodes alone, as a refresh does.
	settled := func(nodes map[string]string) string {
		declare(nodes, nil)
		s.empty()
		return s.holder()
	}

	three := map[string]string{"db1": "db1", "db2": "db2", "db4": "db4"}
	declare(three, nil)
	s.converge()
	first := settled(three)

	four := map[string]string{"db1": "db1", "db2": "db2", "db3": "db3", "db4": "db4"}
	stop := s.connects("3 -> 4, in the middle of the order", time.Second)
	declare(four, nil)
	s.convergeInPieces()
	if now := settled(four); now != first {
		t.Errorf("a machine that joined moved the address from %s to %s", first, now)
	}
	stop()

	left := maps.Clone(four)
	delete(left, first)
	stop = s.connects("4 -> 3, the holder leaves", 3*time.Second)
	declare(left, map[string]string{first: first}, first)
	s.convergeInPieces()
	second := settled(left)
	stop()
	// The record of held packages is the provider's, which ends the hold after the change.
	if out := s.Run(first, `systemctl is-active keepalived; systemctl is-enabled keepalived; ls /etc/keepalived/*.conf /etc/terraform-ha /usr/lib/terraform-ha /var/lib/terraform-ha/floating-ip* 2>/dev/null | grep -v '\.held$'; nft list tables inet; ip -o address show to 10.88.0.100/32; true`); out != "inactive\ndisabled" {
		t.Errorf("left on %s:\n%s", first, out)
	}

	// The machine that left takes the place of the holder, alive.
	replaced := maps.Clone(left)
	replaced[second] = first
	stop = s.connects("the holder replaced, alive", 3*time.Second)
	declare(replaced, map[string]string{tier.FormerName(second): second}, tier.FormerName(second))
	s.convergeInPieces()
	third := settled(replaced)
	stop()

	// The machine that left last takes the place of the holder that this run does not
	// reach, and then of the holder that is dead.
	again := maps.Clone(replaced)
	again[third] = second
	former := map[string]string{tier.FormerName(third): replaced[third]}
	declare(again, former)
	_, err := floatingip.Diff(s.spec, s.observe())
	var refused *reconcile.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "does not answer this run") {
		t.Errorf("a machine that is hidden is forgotten: %v", err)
	}
	t.Log(err)
	s.must(s.PowerOff(replaced[third]))
	s.converge()
	t.Logf("held by %s", settled(again))
}

var connection = regexp.MustCompile(`(?m)^ok ([0-9.]+)`)

// connects has a client open one connection after the other at the address, until what
// it returns is called, and then says the longest time between two.
func (s *site) connects(what string, within time.Duration) func() {
	s.t.Helper()
	s.Run(probe, `rm -f /tmp/stop /tmp/connections
nohup bash -c 'while [ ! -e /tmp/stop ]; do timeout 0.3 bash -c "exec 3<>/dev/tcp/10.88.0.100/22" 2>/dev/null && echo "ok $(date +%s.%N)" || echo failed; sleep 0.02; done' >/tmp/connections 2>&1 &`)
	begin := time.Now()
	return func() {
		s.t.Helper()
		s.Run(probe, "touch /tmp/stop; sleep 0.5")
		out := s.Run(probe, "cat /tmp/connections")
		longest, last := 0.0, 0.0
		times := connection.FindAllStringSubmatch(out, -1)
		for _, match := range times {
			at, _ := strconv.ParseFloat(match[1], 64)
			if last > 0 {
				longest = max(longest, at-last)
			}
			last = at
		}
		s.t.Logf("MEMBERS %s: %d connections in %.0f s, %d attempts failed, longest time without one %.2f s",
			what, len(times), time.Since(begin).Seconds(), strings.Count(out, "failed"), longest)
		if len(times) < 20 || longest > within.Seconds() {
			s.t.Errorf("%s: %s", what, fmt.Sprintf("%.2f s without a connection", longest))
		}
	}
}
