package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// firewall is kept and shown; the lab does not filter packets by it, see the
// notes on the lab's limits.
type firewall struct {
	ID      int               `json:"id"`
	Label   string            `json:"label"`
	Status  string            `json:"status"`
	Tags    []string          `json:"tags"`
	Rules   firewallRules     `json:"rules"`
	Devices []*firewallDevice `json:"devices"`
	Created string            `json:"created"`
	Updated string            `json:"updated"`
}

type firewallRules struct {
	Inbound        []firewallRule `json:"inbound"`
	InboundPolicy  string         `json:"inbound_policy"`
	Outbound       []firewallRule `json:"outbound"`
	OutboundPolicy string         `json:"outbound_policy"`
	Version        int            `json:"version"`
	Fingerprint    string         `json:"fingerprint"`
}

type firewallRule struct {
	Action      string `json:"action"`
	Protocol    string `json:"protocol"`
	Ports       string `json:"ports,omitempty"`
	Label       string `json:"label,omitempty"`
	Description string `json:"description,omitempty"`
	Addresses   struct {
		IPv4 []string `json:"ipv4,omitempty"`
		IPv6 []string `json:"ipv6,omitempty"`
	} `json:"addresses"`
}

type firewallDevice struct {
	ID      int    `json:"id"`
	Entity  entity `json:"entity"`
	Created string `json:"created"`
	Updated string `json:"updated"`
}

// seal completes rules that were changed.
func (r *firewallRules) seal(version int) {
	r.Inbound, r.Outbound = orEmpty(r.Inbound), orEmpty(r.Outbound)
	r.Version, r.Fingerprint = version, ""
	data, _ := json.Marshal(r)
	sum := sha256.Sum256(data)
	r.Fingerprint = hex.EncodeToString(sum[:4])
}

func (r *firewallRules) check() error {
	if r.InboundPolicy == "" || r.OutboundPolicy == "" {
		return invalid("rules", "inbound_policy and outbound_policy are required")
	}
	if len(r.Inbound)+len(r.Outbound) > 25 {
		return invalid("rules", "a firewall takes at most 25 rules")
	}
	for n, rule := range append(slices.Clone(r.Inbound), r.Outbound...) {
		if rule.Action == "" || rule.Protocol == "" {
			return invalid("rules", "rule %d needs action and protocol", n+1)
		}
		if rule.Ports != "" && (rule.Protocol == "ICMP" || rule.Protocol == "IPENCAP") {
			return invalid("rules", "ports are not allowed for protocol %s", rule.Protocol)
		}
		if len(rule.Addresses.IPv4)+len(rule.Addresses.IPv6) == 0 {
			return invalid("rules", "rule %d needs addresses", n+1)
		}
	}
	return nil
}

func (f *firewall) entity() entity { return entityOf("firewall", f.ID, f.Label) }

func (f *firewall) view() map[string]any {
	entities := []entity{}
	for _, d := range f.Devices {
		entities = append(entities, d.Entity)
	}
	return map[string]any{
		"id": f.ID, "label": f.Label, "status": f.Status, "tags": orEmpty(f.Tags), "rules": f.Rules,
		"entities": entities, "created": f.Created, "updated": f.Updated,
	}
}

func (s *Server) firewallRoutes() []route {
	const one = "/networking/firewalls/{firewallId}"
	return []route{
		{method: "GET", path: "/networking/firewalls", handler: s.listFirewalls},
		{method: "POST", path: "/networking/firewalls", handler: s.createFirewall},
		{method: "GET", path: one, handler: s.getFirewall},
		{method: "PUT", path: one, handler: s.updateFirewall},
		{method: "DELETE", path: one, handler: s.deleteFirewall},
		{method: "GET", path: one + "/rules", handler: s.getFirewallRules},
		{method: "PUT", path: one + "/rules", handler: s.updateFirewallRules},
		{method: "GET", path: one + "/devices", handler: s.listDevices},
		{method: "POST", path: one + "/devices", handler: s.createDevice},
		{method: "GET", path: one + "/devices/{deviceId}", handler: s.getDevice},
		{method: "DELETE", path: one + "/devices/{deviceId}", handler: s.deleteDevice},
	}
}

func (s *Server) firewall(c *call) (*firewall, error) {
	return find(s.state.Firewalls, c.id("firewallId"))
}

func (s *Server) firewallViews(wanted func(*firewall) bool) list {
	views := []any{}
	for _, f := range sorted(s.state.Firewalls) {
		if wanted(f) {
			views = append(views, f.view())
		}
	}
	return list{items: views}
}

func (s *Server) listFirewalls(*call) (any, error) {
	return s.firewallViews(func(*firewall) bool { return true }), nil
}

func (s *Server) getFirewall(c *call) (any, error) {
	f, err := s.firewall(c)
	if err != nil {
		return nil, err
	}
	return f.view(), nil
}

func (s *Server) checkFirewallLabel(label string, id int) error {
	if label == "" {
		return invalid("label", "Label is required")
	}
	for _, other := range s.state.Firewalls {
		if other.ID != id && other.Label == label {
			return invalid("label", "Label must be unique")
		}
	}
	return nil
}

func (s *Server) createFirewall(c *call) (any, error) {
	var r struct {
		Label   string        `json:"label"`
		Tags    []string      `json:"tags"`
		Rules   firewallRules `json:"rules"`
		Devices struct {
			Linodes       []int `json:"linodes"`
			NodeBalancers []int `json:"nodebalancers"`
			Interfaces    []int `json:"linode_interfaces"`
		} `json:"devices"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := s.checkFirewallLabel(r.Label, 0); err != nil {
		return nil, err
	}
	if err := r.Rules.check(); err != nil {
		return nil, err
	}
	if len(r.Devices.Interfaces) > 0 {
		return nil, invalid("devices.linode_interfaces", "the lab has only legacy_config interfaces")
	}
	for _, id := range r.Devices.Linodes {
		if err := s.checkDevice("linode", id); err != nil {
			return nil, err
		}
	}
	for _, id := range r.Devices.NodeBalancers {
		if err := s.checkDevice("nodebalancer", id); err != nil {
			return nil, err
		}
	}
	f := &firewall{
		ID: s.state.nextID("firewall"), Label: r.Label, Status: "enabled", Tags: r.Tags, Rules: r.Rules,
		Created: s.timestamp(), Updated: s.timestamp(),
	}
	f.Rules.seal(1)
	s.state.Firewalls[f.ID] = f
	s.notify("firewall_create", f.entity())
	for _, id := range r.Devices.Linodes {
		s.attach(f, "linode", id)
	}
	for _, id := range r.Devices.NodeBalancers {
		s.attach(f, "nodebalancer", id)
	}
	return f.view(), nil
}

func (s *Server) updateFirewall(c *call) (any, error) {
	f, err := s.firewall(c)
	if err != nil {
		return nil, err
	}
	r := struct {
		Label  string   `json:"label"`
		Status string   `json:"status"`
		Tags   []string `json:"tags"`
	}{f.Label, f.Status, f.Tags}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := s.checkFirewallLabel(r.Label, f.ID); err != nil {
		return nil, err
	}
	f.Label, f.Status, f.Tags, f.Updated = r.Label, r.Status, r.Tags, s.timestamp()
	s.notify("firewall_update", f.entity())
	return f.view(), nil
}

func (s *Server) deleteFirewall(c *call) (any, error) {
	f, err := s.firewall(c)
	if err != nil {
		return nil, err
	}
	delete(s.state.Firewalls, f.ID)
	s.notify("firewall_delete", f.entity())
	return none{}, nil
}

func (s *Server) getFirewallRules(c *call) (any, error) {
	f, err := s.firewall(c)
	if err != nil {
		return nil, err
	}
	return f.Rules, nil
}

func (s *Server) updateFirewallRules(c *call) (any, error) {
	f, err := s.firewall(c)
	if err != nil {
		return nil, err
	}
	rules := firewallRules{InboundPolicy: f.Rules.InboundPolicy, OutboundPolicy: f.Rules.OutboundPolicy, Inbound: f.Rules.Inbound, Outbound: f.Rules.Outbound}
	if c.has("inbound") {
		rules.Inbound = nil // decoding into old rules would mix them
	}
	if c.has("outbound") {
		rules.Outbound = nil
	}
	if err := c.decode(&rules); err != nil {
		return nil, err
	}
	if err := rules.check(); err != nil {
		return nil, err
	}
	rules.seal(f.Rules.Version + 1)
	f.Rules, f.Updated = rules, s.timestamp()
	s.notify("firewall_update", f.entity())
	return f.Rules, nil
}

// checkDevice refuses what does not exist or has a firewall already: Linode
// allows one enabled firewall per device.
func (s *Server) checkDevice(kind string, id int) error {
	if _, err := s.deviceEntity(kind, id); err != nil {
		return err
	}
	for _, f := range s.state.Firewalls {
		if slices.ContainsFunc(f.Devices, func(d *firewallDevice) bool { return d.Entity.Type == kind && d.Entity.ID == id }) {
			return invalid("id", "%s %d already has firewall %d", kind, id, f.ID)
		}
	}
	return nil
}

func (s *Server) deviceEntity(kind string, id int) (entity, error) {
	if i, ok := s.state.Instances[id]; ok && kind == "linode" {
		return i.entity(), nil
	}
	if b, ok := s.state.Balancers[id]; ok && kind == "nodebalancer" {
		return b.entity(), nil
	}
	return entity{}, invalid("id", "%s %d does not exist", kind, id)
}

func (s *Server) attach(f *firewall, kind string, id int) *firewallDevice {
	about, _ := s.deviceEntity(kind, id)
	d := &firewallDevice{ID: s.state.nextID("device"), Entity: about, Created: s.timestamp(), Updated: s.timestamp()}
	f.Devices = append(f.Devices, d)
	s.notify("firewall_device_add", f.entity())
	return d
}

func (s *Server) detachEverywhere(kind string, id int) {
	for _, f := range s.state.Firewalls {
		f.Devices = slices.DeleteFunc(f.Devices, func(d *firewallDevice) bool { return d.Entity.Type == kind && d.Entity.ID == id })
	}
}

func (s *Server) listDevices(c *call) (any, error) {
	f, err := s.firewall(c)
	if err != nil {
		return nil, err
	}
	return list{items: orEmpty(f.Devices)}, nil
}

func (s *Server) createDevice(c *call) (any, error) {
	f, err := s.firewall(c)
	if err != nil {
		return nil, err
	}
	var r struct {
		ID   int    `json:"id"`
		Type string `json:"type"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := s.checkDevice(r.Type, r.ID); err != nil {
		return nil, err
	}
	return s.attach(f, r.Type, r.ID), nil
}

func (s *Server) device(c *call) (*firewall, *firewallDevice, error) {
	f, err := s.firewall(c)
	if err != nil {
		return nil, nil, err
	}
	d, err := pick(f.Devices, func(d *firewallDevice) bool { return d.ID == c.id("deviceId") })
	return f, d, err
}

func (s *Server) getDevice(c *call) (any, error) {
	_, d, err := s.device(c)
	return d, err
}

func (s *Server) deleteDevice(c *call) (any, error) {
	f, d, err := s.device(c)
	if err != nil {
		return nil, err
	}
	f.Devices = slices.DeleteFunc(f.Devices, func(other *firewallDevice) bool { return other == d })
	s.notify("firewall_device_remove", f.entity())
	return none{}, nil
}

func (s *Server) firewallsOf(kind string, id int) list {
	return s.firewallViews(func(f *firewall) bool {
		return slices.ContainsFunc(f.Devices, func(d *firewallDevice) bool { return d.Entity.Type == kind && d.Entity.ID == id })
	})
}

func (s *Server) listInstanceFirewalls(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	return s.firewallsOf("linode", i.ID), nil
}

func (s *Server) listBalancerFirewalls(c *call) (any, error) {
	b, err := s.balancer(c)
	if err != nil {
		return nil, err
	}
	return s.firewallsOf("nodebalancer", b.ID), nil
}

// applyInstanceFirewalls is refused as long as there is nothing it could do.
func (s *Server) applyInstanceFirewalls(c *call) (any, error) {
	if _, err := s.instance(c); err != nil {
		return nil, err
	}
	return nil, errUnimplemented(c.http.Method, fmt.Sprintf("%s: the lab does not filter by Cloud Firewalls", c.http.URL.Path))
}
