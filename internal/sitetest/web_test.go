package sitetest

import (
	"context"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linode/linodego"
)

// clientAddress asks a page who is asking: visitors by their own address, which
// the NodeBalancer tells, and nobody by an address that he only claims.
func (s *site) clientAddress(t *testing.T) {
	_, err := s.feed(t.Context(), "web1", "<?php echo $_SERVER['REMOTE_ADDR'];", `cat > "$1/address.php"`, documentRoot)
	must(t, err)
	there, err := url.Parse(s.url)
	must(t, err)
	connection, err := net.Dial("udp", net.JoinHostPort(there.Hostname(), "80"))
	must(t, err)
	ours, _, err := net.SplitHostPort(connection.LocalAddr().String())
	must(t, err)
	must(t, connection.Close())
	if said, err := s.get(t.Context(), "/address.php"); err != nil || said != ours {
		t.Errorf("through the NodeBalancer the visitor %s is %q: %v", ours, said, err)
	}
	const vlan = `ip -4 -o address show to 10.0.0.0/24 | sed -n 's|.* inet \([0-9.]*\)/.*|\1|p'`
	web1, web2 := s.sh(t, "web1", vlan), s.sh(t, "web2", vlan)
	said := s.sh(t, "web2", `curl --silent --max-time 10 --header 'X-Forwarded-For: 203.0.113.9' "http://$1/address.php"`, web1)
	if said != web2 {
		t.Errorf("%s, which claims to be another, is %q", web2, said)
	}
	s.sh(t, "web1", `rm "$1/address.php"`, documentRoot)
}

// delayVariable is how long the NodeBalancer takes to act while web servers are
// rolled and replaced; a real one takes up to 60s. Without it, it acts at once.
const delayVariable = "SITE_BALANCER_DELAY"

// slowBalancer gives the lab's NodeBalancer that delay for the rest of a part: it
// acts on a change of a mode, or of its nodes, so much later.
func (s *site) slowBalancer(t *testing.T) {
	t.Helper()
	if wanted := os.Getenv(delayVariable); wanted != "" {
		delay, err := time.ParseDuration(wanted)
		must(t, err)
		s.delayBalancer(t, delay)
	}
}

// delayBalancer gives the lab's NodeBalancer a delay for the rest of a part.
func (s *site) delayBalancer(t *testing.T, delay time.Duration) {
	t.Helper()
	must(t, s.Folder.SetBalancerDelay(delay))
	t.Cleanup(func() {
		if err := s.Folder.SetBalancerDelay(0); err != nil {
			t.Error(err)
		}
	})
}

// roll changes what Apache serves, which is rolled behind the NodeBalancer: one
// node after the other is drained there, and is UP again before the next.
func (s *site) roll(t *testing.T) {
	s.variables["server_name"] = "www.example.org"
	plan := s.plan(t)
	plan.wantNoDestruction(t)
	if touched := plan.touches(); !slices.Equal(touched, []string{"ha_web_tier"}) {
		t.Errorf("another name of the site changes %v", touched)
	}
	s.slowBalancer(t)
	probe := s.startProbe(t)
	watch := s.watchBackends(t)
	s.apply(t, "apply of another name, web server after web server")
	watch.wantRolled(t, s.webServers())
	if longest := probe.report(t, s, "while the web servers were rolled"); longest > 5*time.Second || probe.failed > 0 {
		t.Errorf("the site was away for %s, %d pages failed", longest, probe.failed)
	}
	s.wantWhole(t)
	s.wantKept(t, probe)
	s.wantEmpty(t, "after the roll")
}

// replace has the machine of the first web server, which is the one that asks for
// WordPress's database, replaced by a new one. The old one serves, and has the
// files, until the new one is there.
func (s *site) replace(t *testing.T) {
	before := s.machines["web1"]
	nodes := web.firstGenerations(3)
	nodes["web1"] = 2
	s.declare(t, web, nodes)
	plan := s.plan(t)
	gone := plan.destroys()
	slices.Sort(gone)
	if len(gone) != 4 || !strings.HasSuffix(gone[0], `ha_web_departure.this["web1"]`) || !strings.HasSuffix(gone[1], `linode_nodebalancer_node.this["web1"]`) ||
		!strings.HasSuffix(gone[2], `ha_ssh_host_key.this["web1"]`) || !strings.HasSuffix(gone[3], `linode_instance.this["web1"]`) {
		t.Fatalf("another generation of web1 destroys %v:\n%s", gone, plan.said)
	}
	if strings.Contains(plan.said, "Warning:") {
		t.Errorf("the plan warns:\n%s", plan.said)
	}
	s.slowBalancer(t)
	probe := s.startProbe(t)
	s.apply(t, "apply of another machine for a web server")
	if longest := probe.report(t, s, "while a web server was replaced"); longest > 5*time.Second || probe.failed > 0 {
		t.Errorf("the site was away for %s, %d pages failed", longest, probe.failed)
	}
	s.find(t)
	if after := s.machines["web1"]; after == before {
		t.Errorf("web1 is still machine %d", before)
	}
	s.wantWhole(t)
	s.wantKept(t, probe)
	s.wantEmpty(t, "after the replacement")
}

// watch is what the NodeBalancer's nodes went through.
type watch struct {
	stop context.CancelFunc
	done sync.WaitGroup
	// drained are the nodes that were seen drained, in that order; together is set
	// when two were at once.
	drained  []string
	together bool
}

func (s *site) watchBackends(t *testing.T) *watch {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	w := &watch{stop: stop}
	w.done.Go(func() {
		ticks := time.NewTicker(time.Second)
		defer ticks.Stop()
		for ctx.Err() == nil {
			if nodes, err := s.backends(ctx); err == nil {
				w.see(nodes)
			}
			select {
			case <-ctx.Done():
			case <-ticks.C:
			}
		}
	})
	t.Cleanup(func() { stop(); w.done.Wait() })
	return w
}

func (w *watch) see(nodes map[string]linodego.NodeBalancerNode) {
	count := 0
	for name, node := range nodes {
		if node.Mode != linodego.ModeDrain {
			continue
		}
		count++
		if !slices.Contains(w.drained, name) {
			w.drained = append(w.drained, name)
		}
	}
	w.together = w.together || count > 1
}

func (w *watch) wantRolled(t *testing.T, nodes []string) {
	t.Helper()
	w.stop()
	w.done.Wait()
	t.Logf("drained at the NodeBalancer: %s", strings.Join(w.drained, ", "))
	if got := slices.Sorted(slices.Values(w.drained)); !slices.Equal(got, nodes) || w.together {
		t.Errorf("the NodeBalancer drained %v, two at once: %t", w.drained, w.together)
	}
}
