package api

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/linode/linodego"
)

func TestBalancerLifecycle(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	label, throttle := "www", 7
	p := must(c.NewEventPollerWithoutEntity(linodego.EntityNodebalancer, linodego.ActionNodebalancerCreate))(t)
	nb := must(c.CreateNodeBalancer(ctx, linodego.NodeBalancerCreateOptions{Region: "us-east", Label: &label}))(t)
	p.EntityID = nb.ID
	must(p.WaitForFinished(ctx, 10))(t)
	if *nb.IPv4 != "172.29.1.1" || !strings.HasPrefix(*nb.Hostname, "nb-172-29-1-1.") {
		t.Errorf("NodeBalancer %+v", nb)
	}
	tags := []string{"site"}
	updated := must(c.UpdateNodeBalancer(ctx, nb.ID, linodego.NodeBalancerUpdateOptions{ClientConnThrottle: &throttle, Tags: &tags}))(t)
	if updated.ClientConnThrottle != 7 || *updated.Label != "www" {
		t.Errorf("updated %+v", updated)
	}
	must(c.GetNodeBalancer(ctx, nb.ID))(t)
	if all := must(c.ListNodeBalancers(ctx, nil))(t); len(all) != 1 {
		t.Errorf("%d NodeBalancers", len(all))
	}
	// the real provider reads these with every NodeBalancer
	must(c.ListNodeBalancerVPCConfigs(ctx, nb.ID, nil))(t)
	must(c.ListNodeBalancerFirewalls(ctx, nb.ID, nil))(t)
	_, err := c.CreateNodeBalancer(ctx, linodego.NodeBalancerCreateOptions{Region: "us-east", Label: &label})
	wantCode(t, err, 400)
	if err := c.DeleteNodeBalancer(ctx, nb.ID); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetNodeBalancer(ctx, nb.ID)
	wantCode(t, err, 404)
	l.until("the balancer is gone", func() bool {
		l.backend.mu.Lock()
		defer l.backend.mu.Unlock()
		return len(l.backend.balancers) == 0
	})
}

func (l *lab) balancer() *linodego.NodeBalancer {
	l.t.Helper()
	nb := must(l.client.CreateNodeBalancer(l.t.Context(), linodego.NodeBalancerCreateOptions{Region: "us-east"}))(l.t)
	l.applied(nb.ID)
	return nb
}

// applied waits until the backend has what the API shows.
func (l *lab) applied(id int) {
	l.t.Helper()
	l.until("the balancer is applied", func() bool {
		l.server.mu.Lock()
		b := l.server.state.Balancers[id]
		want := renderBalancer(b, l.server.options.BalancerSource(id))
		known := b.Applied
		l.server.mu.Unlock()
		l.backend.mu.Lock()
		defer l.backend.mu.Unlock()
		return known && l.backend.balancers[id].Config == want.Config
	})
}

// TestABalancerActsLater is the mode in which NodeBalancers take their time: the
// API shows a change at once, and visitors notice it later.
func TestABalancerActsLater(t *testing.T) {
	const delay = 200 * time.Millisecond
	var later atomic.Bool
	l := startLab(t, newFakeBackend(), Options{BalancerDelay: func() time.Duration {
		if later.Load() {
			return delay
		}
		return 0
	}})
	ctx, c := t.Context(), l.client
	later.Store(true)
	nb := l.balancer() // a new one is not delayed, or nothing could be built
	later.Store(false)
	port := must(c.CreateNodeBalancerConfig(ctx, nb.ID, linodego.NodeBalancerConfigCreateOptions{Port: 80, Protocol: linodego.ProtocolHTTP}))(t)
	node := must(c.CreateNodeBalancerNode(ctx, nb.ID, port.ID, linodego.NodeBalancerNodeCreateOptions{Address: "192.168.128.10:80", Label: "web1"}))(t)
	l.applied(nb.ID)

	later.Store(true)
	before := l.config(nb.ID)
	changed := time.Now()
	drain := linodego.NodeBalancerNodeUpdateOptions{Mode: linodego.ModeDrain}
	if drained := must(c.UpdateNodeBalancerNode(ctx, nb.ID, port.ID, node.ID, drain))(t); drained.Mode != linodego.ModeDrain {
		t.Errorf("the API shows mode %s", drained.Mode)
	}
	l.until("the NodeBalancer acts", func() bool { return l.config(nb.ID) != before })
	if took := time.Since(changed); took < delay {
		t.Errorf("it acted after %s", took)
	}
	l.applied(nb.ID)

	// What was asked for first and comes last may not take a later change back.
	applied := l.times(nb.ID)
	l.server.mu.Lock()
	stale := rendered{number: l.server.rendered - 1, spec: BalancerSpec{ID: nb.ID, Config: before}}
	l.server.queueApply(stale)
	l.server.mu.Unlock()
	later.Store(false)
	must(c.UpdateNodeBalancerNode(ctx, nb.ID, port.ID, node.ID, linodego.NodeBalancerNodeUpdateOptions{Mode: linodego.ModeAccept}))(t)
	l.applied(nb.ID)
	if now := l.times(nb.ID); now != applied+1 {
		t.Errorf("an old configuration and a new one were applied %d times", now-applied)
	}
}

// times is how often a NodeBalancer was given a configuration.
func (l *lab) times(id int) int {
	l.backend.mu.Lock()
	defer l.backend.mu.Unlock()
	return l.backend.applied[id]
}

// config is what a NodeBalancer acts by.
func (l *lab) config(id int) string {
	l.backend.mu.Lock()
	defer l.backend.mu.Unlock()
	return l.backend.balancers[id].Config
}

func TestPortsAndNodes(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	nb := l.balancer()
	port := must(c.CreateNodeBalancerConfig(ctx, nb.ID, linodego.NodeBalancerConfigCreateOptions{
		Port: 80, Protocol: linodego.ProtocolHTTP, Check: linodego.CheckHTTP, CheckInterval: 5, CheckTimeout: 3, CheckAttempts: 2,
		CheckPath: "/healthz.php", Stickiness: linodego.StickinessHTTPCookie,
	}))(t)
	if !port.CheckPassive || port.Algorithm != linodego.AlgorithmRoundRobin {
		t.Errorf("defaults: %+v", port)
	}
	var nodes []*linodego.NodeBalancerNode
	for n := range 3 {
		nodes = append(nodes, must(c.CreateNodeBalancerNode(ctx, nb.ID, port.ID, linodego.NodeBalancerNodeCreateOptions{
			Address: "192.168.128.1" + itoa(n) + ":80", Label: "web" + itoa(n+1),
		}))(t))
	}
	if got := must(c.ListNodeBalancerNodes(ctx, nb.ID, port.ID, nil))(t); len(got) != 3 || got[0].Weight != 100 || got[0].Mode != linodego.ModeAccept {
		t.Errorf("nodes right after creation: %+v", got)
	}
	l.applied(nb.ID)
	l.backend.mu.Lock()
	if times := l.backend.applied[nb.ID]; times > 5 {
		t.Errorf("applied %d times", times)
	}
	l.backend.down["192.168.128.11:80"] = true
	l.backend.mu.Unlock()
	for n, want := range []string{"UP", "DOWN", "UP"} {
		if got := must(c.GetNodeBalancerNode(ctx, nb.ID, port.ID, nodes[n].ID))(t).Status; got != want {
			t.Errorf("node %d is %s, want %s", n+1, got, want)
		}
	}
	if got := must(c.GetNodeBalancerConfig(ctx, nb.ID, port.ID))(t).NodesStatus; got.Up != 2 || got.Down != 1 {
		t.Errorf("nodes' status %+v", got)
	}
	drained := must(c.UpdateNodeBalancerNode(ctx, nb.ID, port.ID, nodes[0].ID, linodego.NodeBalancerNodeUpdateOptions{Mode: linodego.ModeDrain}))(t)
	if drained.Mode != linodego.ModeDrain || drained.Label != "web1" || drained.Weight != 100 {
		t.Errorf("drained %+v", drained)
	}
	must(c.UpdateNodeBalancerConfig(ctx, nb.ID, port.ID, linodego.NodeBalancerConfigUpdateOptions{Port: 8080}))(t)
	rebuild := port.GetRebuildOptions()
	rebuild.Nodes = []linodego.NodeBalancerConfigRebuildNodeOptions{
		{ID: nodes[2].ID, NodeBalancerNodeCreateOptions: linodego.NodeBalancerNodeCreateOptions{Address: "192.168.128.12:80", Label: "web3"}},
		{NodeBalancerNodeCreateOptions: linodego.NodeBalancerNodeCreateOptions{Address: "192.168.128.13:80", Label: "web4"}},
	}
	must(c.RebuildNodeBalancerConfig(ctx, nb.ID, port.ID, rebuild))(t)
	if got := must(c.ListNodeBalancerNodes(ctx, nb.ID, port.ID, nil))(t); len(got) != 2 || got[0].ID != nodes[2].ID {
		t.Errorf("rebuilt nodes %+v", got)
	}
	if err := c.DeleteNodeBalancerNode(ctx, nb.ID, port.ID, nodes[2].ID); err != nil {
		t.Fatal(err)
	}
	_, err := c.GetNodeBalancerNode(ctx, nb.ID, port.ID, nodes[2].ID)
	wantCode(t, err, 404)
	if all := must(c.ListNodeBalancerConfigs(ctx, nb.ID, nil))(t); len(all) != 1 {
		t.Errorf("configs %+v", all)
	}
	if err := c.DeleteNodeBalancerConfig(ctx, nb.ID, port.ID); err != nil {
		t.Fatal(err)
	}
}

func TestBalancerWithConfigsAtOnce(t *testing.T) {
	l := newLab(t)
	nb := must(l.client.CreateNodeBalancer(t.Context(), linodego.NodeBalancerCreateOptions{Region: "us-east", Configs: []*linodego.NodeBalancerConfigCreateOptions{{
		Port: 8080, Protocol: linodego.ProtocolTCP, Nodes: []linodego.NodeBalancerNodeCreateOptions{{Address: "192.168.128.10:80", Label: "web1"}},
	}}}))(t)
	ports := must(l.client.ListNodeBalancerConfigs(t.Context(), nb.ID, nil))(t)
	if len(ports) != 1 || ports[0].Port != 8080 || ports[0].CheckInterval != 31 || !ports[0].CheckPassive {
		t.Fatalf("ports %+v", ports)
	}
	if nodes := must(l.client.ListNodeBalancerNodes(t.Context(), nb.ID, ports[0].ID, nil))(t); len(nodes) != 1 {
		t.Errorf("nodes %+v", nodes)
	}
}

func TestHTTPSIsRedacted(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	nb := l.balancer()
	cert, key := testCertificate(t, "www.example.com")
	options := linodego.NodeBalancerConfigCreateOptions{Port: 443, Protocol: linodego.ProtocolHTTPS, SSLCert: cert, SSLKey: key}
	port := must(c.CreateNodeBalancerConfig(ctx, nb.ID, options))(t)
	if port.SSLCert != redacted || port.SSLKey != redacted || port.SSLCommonName != "www.example.com" || len(port.SSLFingerprint) != 59 {
		t.Errorf("port %+v", port)
	}
	// what was read may be sent back
	update := port.GetUpdateOptions()
	update.Algorithm = linodego.AlgorithmLeastConn
	if got := must(c.UpdateNodeBalancerConfig(ctx, nb.ID, port.ID, update))(t); got.SSLFingerprint != port.SSLFingerprint {
		t.Errorf("certificate changed to %s", got.SSLFingerprint)
	}
	l.applied(nb.ID)
	if file := string(l.backend.balancers[nb.ID].Files["config-"+itoa(port.ID)+".pem"]); !strings.HasPrefix(file, "-----BEGIN CERT") || !strings.Contains(file, "PRIVATE KEY") {
		t.Errorf("file %q", file)
	}
	other, _ := testCertificate(t, "other.example.com")
	for name, bad := range map[string][2]string{"no PEM": {"x", key}, "no key": {cert, ""}, "none": {"", ""}, "other key": {other, key}} {
		options.Port, options.SSLCert, options.SSLKey = 8443, bad[0], bad[1]
		_, err := c.CreateNodeBalancerConfig(ctx, nb.ID, options)
		if err == nil {
			t.Errorf("%s was accepted", name)
			continue
		}
		wantCode(t, err, 400)
	}
}

func TestPortAndNodeRefusals(t *testing.T) {
	l := newLab(t)
	nb := l.balancer()
	path := "/v4/nodebalancers/" + itoa(nb.ID) + "/configs"
	port := must(l.client.CreateNodeBalancerConfig(t.Context(), nb.ID, linodego.NodeBalancerConfigCreateOptions{Port: 80}))(t)
	for body, field := range map[string]string{
		`{"port":80}`: "port",
		`{"port":81,"protocol":"http","proxy_protocol":"v1"}`:                       "proxy_protocol",
		`{"port":81,"protocol":"tcp","stickiness":"http_cookie"}`:                   "stickiness",
		`{"port":81,"check":"http","check_path":"healthz"}`:                         "check_path",
		`{"port":81,"check":"http","check_path":"/a b"}`:                            "check_path",
		`{"port":81,"check":"http_body","check_path":"/"}`:                          "check_body",
		`{"port":81,"check":"http_body","check_path":"/","check_body":"a\nserver"}`: "check_body",
		`{"port":81,"check":"http_body","check_path":"/","check_body":"("}`:         "check_body",
		`{"port":81,"check":"connection","check_interval":5,"check_timeout":5}`:     "check_timeout",
		`{"port":70000}`: "port",
	} {
		if status, answer := l.request("POST", path, body); status != 400 || !strings.Contains(answer, `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
	for body, field := range map[string]string{
		`{"label":"web1","address":"192.168.128.10"}`:                   "address",
		`{"label":"web1","address":"8.8.8.8:80"}`:                       "address",
		`{"label":"web1","address":"192.168.128.10:80\n server x"}`:     "address",
		`{"label":"w","address":"192.168.128.10:80"}`:                   "label",
		`{"label":"web1","address":"192.168.128.10:80","weight":0}`:     "weight",
		`{"label":"web1","address":"192.168.128.10:80","mode":"sleep"}`: "mode",
		`{"label":"web1","address":"192.168.128.10:80","subnet_id":3}`:  "subnet_id",
	} {
		if status, answer := l.request("POST", path+"/"+itoa(port.ID)+"/nodes", body); status != 400 || !strings.Contains(answer, `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
}

func TestDeletedInstanceTakesItsNodesAlong(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	web1, web2 := l.boot(instanceOptions("web1")), l.boot(instanceOptions("web2"))
	nb := l.balancer()
	port := must(c.CreateNodeBalancerConfig(ctx, nb.ID, linodego.NodeBalancerConfigCreateOptions{Port: 80}))(t)
	var ids []int
	for _, i := range []*linodego.Instance{web1, web2} {
		ids = append(ids, must(c.CreateNodeBalancerNode(ctx, nb.ID, port.ID, linodego.NodeBalancerNodeCreateOptions{Address: i.IPv4[1].String() + ":80", Label: i.Label}))(t).ID)
	}
	if got := must(c.ListInstanceNodeBalancers(ctx, web1.ID, nil))(t); len(got) != 1 {
		t.Errorf("NodeBalancers of web1: %+v", got)
	}
	if err := c.DeleteInstance(ctx, web1.ID); err != nil {
		t.Fatal(err)
	}
	_, err := c.GetNodeBalancerNode(ctx, nb.ID, port.ID, ids[0])
	wantCode(t, err, 404)
	must(c.GetNodeBalancerNode(ctx, nb.ID, port.ID, ids[1]))(t)
	l.applied(nb.ID)
	if strings.Contains(l.backend.balancers[nb.ID].Config, web1.IPv4[1].String()) {
		t.Error("the balancer still knows the deleted machine")
	}
}

func TestFailedApplyIsAnEvent(t *testing.T) {
	l := newLab(t)
	l.backend.fail["apply"] = errors.New("no such network")
	nb := must(l.client.CreateNodeBalancer(t.Context(), linodego.NodeBalancerCreateOptions{Region: "us-east"}))(t)
	l.until("the creation has failed", func() bool {
		for _, e := range must(l.client.ListEvents(t.Context(), nil))(t) {
			if e.Action == linodego.ActionNodebalancerCreate && e.Status == linodego.EventFailed {
				return cmp.Equal(e.Message, "no such network") && int(e.Entity.ID.(float64)) == nb.ID
			}
		}
		return false
	})
}
