package webtier

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabSecondDay takes a tier from three servers to five and back, and replaces one, while
// visitors load pages and one of them a large file that takes longer than anything else.
func TestLabSecondDay(t *testing.T) {
	labtest.SecondDay(t)
	const visitor = "visitor"
	lab := labtest.Boot(t, "webtier-members", "web1", "web2", "web3", "web4", "web5", visitor)
	s := &site{Lab: lab, t: t}
	off, drain := false, 12
	spec := Spec{Name: "shop", DocumentRoot: "/srv/www/site", PHP: &off, DrainSeconds: &drain}
	front := &visitedBalancer{t: t, lab: lab, visitor: visitor, modes: map[string]string{}}
	apply := func(nodes []host.Node, leaving map[string]host.Node) {
		t.Helper()
		before := spec
		spec.Nodes, spec.Leaving = nodes, nil
		hosts := host.Hosts{}
		for _, node := range nodes {
			hosts[node.Name] = lab.Hosts[front.machine(node.Address)]
		}
		for name, node := range leaving {
			spec.Leaving = append(spec.Leaving, host.Node{Name: name, Address: node.Address})
			hosts[name] = lab.Hosts[node.Name]
		}
		must(t, Open(Target{Hosts: hosts, Balancer: front}, spec, &before).Converge(t.Context(), labtest.NewSteps(t)))
		spec.Leaving = nil
		// What a user would do, with a volume or without one, and then with the balancer.
		for _, node := range nodes {
			s.Run(front.machine(node.Address), "[ -e /srv/www/site/large ] || { echo page >/srv/www/site/index.html; head -c 4000000 /dev/zero >/srv/www/site/large; }")
		}
		front.declare(spec)
	}
	apply(lab.Nodes[:3], nil)

	visits := front.visits("3 -> 5")
	apply(lab.Nodes[:5], nil)
	visits()

	visits = front.visits("5 -> 3")
	apply(lab.Nodes[2:5], map[string]host.Node{"web1": lab.Nodes[0], "web2": lab.Nodes[1]})
	visits()
	for _, name := range []string{"web1", "web2"} {
		if left := s.try(name, "systemctl is-active apache2; systemctl is-enabled apache2; find /etc/apache2/sites-enabled /usr/lib/terraform-ha -mindepth 1; ls /var/lib/terraform-ha/web-shop.json 2>/dev/null; cat /srv/www/site/index.html"); left != "inactive\ndisabled\npage" {
			t.Errorf("left on %s:\n%s", name, left)
		}
	}

	visits = front.visits("one replaced, at another address")
	apply([]host.Node{{Name: "web3", Address: lab.Nodes[0].Address}, lab.Nodes[3], lab.Nodes[4]}, map[string]host.Node{tier.FormerName("web3"): lab.Nodes[2]})
	visits()
}

// visitedBalancer has a visitor's machine load pages of the backends that it lets it reach.
type visitedBalancer struct {
	t       *testing.T
	lab     *labtest.Lab
	visitor string
	mu      sync.Mutex
	modes   map[string]string
}

// machine is the lab's name of the one with an address.
func (b *visitedBalancer) machine(address string) string {
	for _, node := range b.lab.Nodes {
		if node.Address == address {
			return node.Name
		}
	}
	return ""
}

// declare has it know the nodes of a tier, and nobody else.
func (b *visitedBalancer) declare(spec Spec) {
	b.mu.Lock()
	before := b.modes
	b.modes = map[string]string{}
	spec = spec.Defaulted()
	for _, node := range spec.Nodes {
		b.modes[spec.backend(node)] = "accept"
		if mode := before[spec.backend(node)]; mode != "" {
			b.modes[spec.backend(node)] = mode
		}
	}
	b.mu.Unlock()
	b.tell()
}

// tell writes down whom visitors reach.
func (b *visitedBalancer) tell() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []string
	for address, mode := range b.modes {
		if mode == "accept" {
			list = append(list, address)
		}
	}
	b.lab.Run(b.visitor, "printf '%s\\n' "+strings.Join(list, " ")+" >/tmp/backends.new && mv /tmp/backends.new /tmp/backends")
}

func (b *visitedBalancer) set(address, mode string) error {
	b.mu.Lock()
	_, known := b.modes[address]
	if known {
		b.modes[address] = mode
	}
	b.mu.Unlock()
	if !known {
		return errors.New("nobody knows " + address)
	}
	b.tell()
	return nil
}

func (b *visitedBalancer) Drain(_ context.Context, address string) error {
	return b.set(address, "drain") //nolint:contextcheck // the lab has the context of the test
}

func (b *visitedBalancer) Accept(_ context.Context, address string) error {
	return b.set(address, "accept") //nolint:contextcheck // the lab has the context of the test
}

func (b *visitedBalancer) Reject(_ context.Context, address string) error {
	return b.set(address, "reject") //nolint:contextcheck // the lab has the context of the test
}

func (b *visitedBalancer) State(context.Context) (map[string]BackendState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := map[string]BackendState{}
	for address, mode := range b.modes {
		status := "DOWN"
		//nolint:contextcheck // the lab has the context of the test
		if out, _ := b.lab.Exec(b.visitor, "curl -s -o /dev/null -w '%{http_code}' --max-time 3 http://"+address+"/healthz", nil); out == "200" {
			status = "UP"
		}
		state[address] = BackendState{Mode: mode, Status: status}
	}
	return state, nil
}

// visits loads pages until what it returns is called, and then says how many.
func (b *visitedBalancer) visits(what string) func() {
	b.t.Helper()
	b.lab.Run(b.visitor, `rm -f /tmp/stop /tmp/visits.*
cat >/tmp/visit <<'end'
while [ ! -e /tmp/stop ]; do
    backend=$(shuf -n 1 /tmp/backends)
    curl -sf -o /dev/null --max-time 60 $2 "http://$backend/$1" && echo ok >>/tmp/visits.$3 || echo "failed $backend $?" >>/tmp/visits.$3
    sleep 0.1
done
end
for i in 1 2 3; do nohup bash /tmp/visit index.html "" pages.$i >/dev/null 2>&1 & done
nohup bash /tmp/visit large "--limit-rate 500k" large >/dev/null 2>&1 &`)
	begin := time.Now()
	return func() {
		b.t.Helper()
		b.lab.Run(b.visitor, "touch /tmp/stop")
		b.lab.Until(time.Minute, "the last visit to end", func() string {
			out, _ := b.lab.Exec(b.visitor, "pgrep -f '^bash /tmp/visit' || true", nil)
			return out
		})
		count := func(word string) int {
			n, _ := strconv.Atoi(b.lab.Run(b.visitor, "cat /tmp/visits.* | grep -c '^"+word+"' || true"))
			return n
		}
		pages, failed := count("ok"), count("failed")
		b.t.Logf("MEMBERS %s: %d pages, %d failed in %.0f s", what, pages, failed, time.Since(begin).Seconds())
		if failed > 0 || pages < 10 {
			b.t.Errorf("%s: %d pages, %d failed: %s", what, pages, failed, b.lab.Run(b.visitor, "grep -h failed /tmp/visits.* | sort | uniq -c || true"))
		}
	}
}
