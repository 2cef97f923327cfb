package api

import (
	"context"
	"fmt"
	"strings"
)

// balancer is a NodeBalancer with its configurations.
type balancer struct {
	ID       int           `json:"id"`
	Label    string        `json:"label"`
	Region   string        `json:"region"`
	IPv4     string        `json:"ipv4"`
	Tags     []string      `json:"tags"`
	Throttle int           `json:"client_conn_throttle"`
	Configs  []*portConfig `json:"configs"`
	Created  string        `json:"created"`
	Updated  string        `json:"updated"`
	// Applied says that a HAProxy exists that can be asked for its status.
	Applied bool `json:"applied"`
}

type balancerRequest struct {
	Region   string        `json:"region"`
	Label    string        `json:"label"`
	Throttle int           `json:"client_conn_throttle"`
	Tags     []string      `json:"tags"`
	Firewall int           `json:"firewall_id"`
	Type     string        `json:"type"`
	IPv4     string        `json:"ipv4"`
	VPCs     []any         `json:"vpcs"`
	UDP      int           `json:"client_udp_sess_throttle"`
	Configs  []portRequest `json:"configs"`
}

func (b *balancer) view() map[string]any {
	return map[string]any{
		"id": b.ID, "label": b.Label, "region": b.Region, "ipv4": b.IPv4, "ipv6": fmt.Sprintf("fd00::1:%x", b.ID),
		"hostname":             "nb-" + strings.ReplaceAll(b.IPv4, ".", "-") + "." + b.Region + ".nodebalancer.test",
		"client_conn_throttle": b.Throttle, "client_udp_sess_throttle": 0, "type": "common", "locks": []string{},
		"tags": orEmpty(b.Tags), "transfer": map[string]float64{"in": 0, "out": 0, "total": 0},
		"created": b.Created, "updated": b.Updated,
	}
}

func (b *balancer) entity() entity { return entityOf("nodebalancer", b.ID, b.Label) }

func (b *balancer) object() string { return fmt.Sprintf("nodebalancer %d", b.ID) }

func (s *Server) balancer(c *call) (*balancer, error) {
	return find(s.state.Balancers, c.id("nodeBalancerId"))
}

func (s *Server) balancerRoutes() []route {
	const one = "/nodebalancers/{nodeBalancerId}"
	return []route{
		{method: "GET", path: "/nodebalancers", handler: s.listBalancers},
		{method: "POST", path: "/nodebalancers", handler: s.createBalancer},
		{method: "GET", path: one, handler: s.getBalancer},
		{method: "PUT", path: one, handler: s.updateBalancer},
		{method: "DELETE", path: one, handler: s.deleteBalancer},
		{method: "GET", path: one + "/firewalls", handler: s.listBalancerFirewalls},
		{method: "GET", path: one + "/vpcs", beyond: "the linode provider reads it with every NodeBalancer", handler: s.listBalancerVPCs},
		{method: "GET", path: one + "/configs", handler: s.listPorts, refresh: s.refreshStats},
		{method: "POST", path: one + "/configs", handler: s.createPort},
		{method: "GET", path: one + "/configs/{configId}", handler: s.getPort, refresh: s.refreshStats},
		{method: "PUT", path: one + "/configs/{configId}", handler: s.updatePort, refresh: s.refreshStats},
		{method: "DELETE", path: one + "/configs/{configId}", handler: s.deletePort},
		{method: "POST", path: one + "/configs/{configId}/rebuild", handler: s.rebuildPort},
		{method: "GET", path: one + "/configs/{configId}/nodes", handler: s.listNodes, refresh: s.refreshStats},
		{method: "POST", path: one + "/configs/{configId}/nodes", handler: s.createNode},
		{method: "GET", path: one + "/configs/{configId}/nodes/{nodeId}", handler: s.getNode, refresh: s.refreshStats},
		{method: "PUT", path: one + "/configs/{configId}/nodes/{nodeId}", handler: s.updateNode, refresh: s.refreshStats},
		{method: "DELETE", path: one + "/configs/{configId}/nodes/{nodeId}", handler: s.deleteNode},
	}
}

func (s *Server) listBalancers(*call) (any, error) {
	views := []any{}
	for _, b := range sorted(s.state.Balancers) {
		views = append(views, b.view())
	}
	return list{items: views}, nil
}

func (s *Server) getBalancer(c *call) (any, error) {
	b, err := s.balancer(c)
	if err != nil {
		return nil, err
	}
	return b.view(), nil
}

func (s *Server) checkBalancer(r *balancerRequest) error {
	if err := checkRegion(r.Region); err != nil {
		return err
	}
	switch {
	case r.Type != "" && r.Type != "common":
		return invalid("type", "the lab has only common NodeBalancers")
	case r.IPv4 != "":
		return invalid("ipv4", "the lab has no reserved addresses")
	case len(r.VPCs) > 0:
		return invalid("vpcs", "the lab's NodeBalancers reach nodes only by private IPv4")
	case r.UDP != 0:
		return invalid("client_udp_sess_throttle", "the lab's NodeBalancers do not balance UDP")
	}
	if r.Firewall != 0 {
		if _, err := find(s.state.Firewalls, r.Firewall); err != nil {
			return invalid("firewall_id", "firewall_id is not valid")
		}
	}
	return s.checkBalancerLabel(r.Label, 0)
}

func (s *Server) checkBalancerLabel(label string, id int) error {
	for _, other := range s.state.Balancers {
		if label != "" && other.ID != id && other.Label == label {
			return invalid("label", "Label must be unique among your NodeBalancers")
		}
	}
	return nil
}

func (s *Server) createBalancer(c *call) (any, error) {
	var r balancerRequest
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := s.checkBalancer(&r); err != nil {
		return nil, err
	}
	b := &balancer{
		Label: r.Label, Region: r.Region, Tags: r.Tags, Throttle: r.Throttle,
		Created: s.timestamp(), Updated: s.timestamp(),
	}
	for n := range r.Configs {
		if _, err := s.addPort(b, &r.Configs[n]); err != nil {
			return nil, err
		}
	}
	address, err := s.allocatePublic()
	if err != nil {
		return nil, err
	}
	b.ID, b.IPv4 = s.state.nextID("nodebalancer"), address
	if b.Label == "" {
		b.Label = fmt.Sprintf("balancer%d", b.ID)
	}
	s.state.Balancers[b.ID] = b
	if r.Firewall != 0 {
		s.attach(s.state.Firewalls[r.Firewall], "nodebalancer", b.ID)
	}
	s.scheduleApply(b.ID)
	s.applies[b.ID].event = s.post("nodebalancer_create", "scheduled", b.entity())
	return b.view(), nil
}

func (s *Server) updateBalancer(c *call) (any, error) {
	b, err := s.balancer(c)
	if err != nil {
		return nil, err
	}
	changed := balancerRequest{Label: b.Label, Throttle: b.Throttle, Tags: b.Tags}
	if err := c.decode(&changed); err != nil {
		return nil, err
	}
	if err := s.checkBalancerLabel(changed.Label, b.ID); err != nil {
		return nil, err
	}
	b.Label, b.Throttle, b.Tags, b.Updated = changed.Label, changed.Throttle, changed.Tags, s.timestamp()
	s.notify("nodebalancer_update", b.entity())
	s.scheduleApply(b.ID)
	return b.view(), nil
}

func (s *Server) deleteBalancer(c *call) (any, error) {
	b, err := s.balancer(c)
	if err != nil {
		return nil, err
	}
	delete(s.state.Balancers, b.ID)
	s.detachEverywhere("nodebalancer", b.ID)
	s.run(task{
		object: b.object(), event: s.post("nodebalancer_delete", "scheduled", b.entity()),
		do: func(ctx context.Context) error { return s.options.Backend.DeleteBalancer(ctx, b.ID) },
	})
	return none{}, nil
}

func (s *Server) listBalancerVPCs(c *call) (any, error) {
	if _, err := s.balancer(c); err != nil {
		return nil, err
	}
	return list{items: []any{}}, nil
}

// listInstanceBalancers lists those that have a node on the instance.
func (s *Server) listInstanceBalancers(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	views := []any{}
	for _, b := range sorted(s.state.Balancers) {
		if address := i.privateIPv4(); address != "" && b.reaches(address) {
			views = append(views, b.view())
		}
	}
	return list{items: views}, nil
}

func (b *balancer) reaches(address string) bool {
	for _, p := range b.Configs {
		for _, n := range p.Nodes {
			if n.host() == address {
				return true
			}
		}
	}
	return false
}
