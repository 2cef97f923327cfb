package api

import (
	"encoding/json"
	"net/netip"
	"slices"
)

// node is one backend of a configuration.
type node struct {
	ID      int    `json:"id"`
	Label   string `json:"label"`
	Address string `json:"address"`
	Weight  int    `json:"weight"`
	Mode    string `json:"mode"`
}

type nodeRequest struct {
	node
	SubnetID int `json:"subnet_id"`
}

// decodePort reads a configuration and, separately, its nodes: an embedded
// field of the same name would shadow those that exist.
func decodePort(data []byte, p *portConfig, nodes *[]nodeRequest) error {
	if len(data) == 0 {
		return nil
	}
	type fields portConfig // without methods
	f := fields(*p)
	f.Nodes = nil
	var beside struct {
		Nodes []nodeRequest `json:"nodes"`
	}
	if err := json.Unmarshal(data, &beside); err != nil {
		return invalid("nodes", "the request's nodes do not fit: %v", err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return invalid("", "the request's body does not fit: %v", err)
	}
	f.Nodes = p.Nodes
	*p, *nodes = portConfig(f), beside.Nodes
	return nil
}

func (n *node) host() string {
	addr, err := netip.ParseAddrPort(n.Address)
	if err != nil {
		return ""
	}
	return addr.Addr().String()
}

func (r *nodeRequest) check() error {
	addr, err := netip.ParseAddrPort(r.Address)
	if err != nil || addr.Port() == 0 {
		return invalid("address", "Must be an address with its port, such as 192.168.128.10:80")
	}
	if !privatePrefix.Contains(addr.Addr()) {
		return invalid("address", "Must be a private IPv4 address of a Linode (%s)", privatePrefix)
	}
	if len(r.Label) < 3 || len(r.Label) > 32 {
		return invalid("label", "Length must be 3-32 characters")
	}
	if r.SubnetID != 0 {
		return invalid("subnet_id", "the lab's NodeBalancers reach nodes only by private IPv4")
	}
	return nil
}

func (s *Server) addNode(p *portConfig, r nodeRequest) (*node, error) {
	if r.Weight == 0 {
		r.Weight = 100
	}
	if r.Mode == "" {
		r.Mode = "accept"
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	n := r.node
	n.ID = s.state.nextID("node")
	p.Nodes = append(p.Nodes, &n)
	return &n, nil
}

func (s *Server) viewNode(b *balancer, p *portConfig, n *node) map[string]any {
	return map[string]any{
		"id": n.ID, "label": n.Label, "address": n.Address, "weight": n.Weight, "mode": n.Mode,
		"status": s.status(b, p, n), "config_id": p.ID, "nodebalancer_id": b.ID,
	}
}

func (s *Server) node(c *call) (*balancer, *portConfig, *node, error) {
	b, p, err := s.port(c)
	if err != nil {
		return nil, nil, nil, err
	}
	n, err := pick(p.Nodes, func(n *node) bool { return n.ID == c.id("nodeId") })
	return b, p, n, err
}

func (s *Server) listNodes(c *call) (any, error) {
	b, p, err := s.port(c)
	if err != nil {
		return nil, err
	}
	views := []any{}
	for _, n := range p.Nodes {
		views = append(views, s.viewNode(b, p, n))
	}
	return list{items: views}, nil
}

func (s *Server) getNode(c *call) (any, error) {
	b, p, n, err := s.node(c)
	if err != nil {
		return nil, err
	}
	return s.viewNode(b, p, n), nil
}

func (s *Server) createNode(c *call) (any, error) {
	b, p, err := s.port(c)
	if err != nil {
		return nil, err
	}
	var r nodeRequest
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	n, err := s.addNode(p, r)
	if err != nil {
		return nil, err
	}
	s.notify("nodebalancer_node_create", b.entity())
	s.scheduleApply(b.ID)
	return s.viewNode(b, p, n), nil
}

func (s *Server) updateNode(c *call) (any, error) {
	b, p, n, err := s.node(c)
	if err != nil {
		return nil, err
	}
	changed := nodeRequest{node: *n}
	if err := c.decode(&changed); err != nil {
		return nil, err
	}
	if err := changed.check(); err != nil {
		return nil, err
	}
	*n = changed.node
	s.notify("nodebalancer_node_update", b.entity())
	s.scheduleApply(b.ID)
	return s.viewNode(b, p, n), nil
}

func (s *Server) deleteNode(c *call) (any, error) {
	b, p, n, err := s.node(c)
	if err != nil {
		return nil, err
	}
	p.Nodes = slices.DeleteFunc(p.Nodes, func(other *node) bool { return other == n })
	s.notify("nodebalancer_node_delete", b.entity())
	s.scheduleApply(b.ID)
	return none{}, nil
}

// dropNodesOf removes all nodes with an address, as Linode does when the
// Linode that has it is deleted.
func (s *Server) dropNodesOf(address string) {
	if address == "" {
		return
	}
	for _, b := range sorted(s.state.Balancers) {
		if !b.reaches(address) {
			continue
		}
		for _, p := range b.Configs {
			p.Nodes = slices.DeleteFunc(p.Nodes, func(n *node) bool { return n.host() == address })
		}
		s.notify("nodebalancer_node_delete", b.entity())
		s.scheduleApply(b.ID)
	}
}
