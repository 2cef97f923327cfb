package linodeprovider

import (
	"context"
	"strconv"

	"github.com/linode/linodego"
)

func nodeBalancerResource() resource {
	return resource{
		behavior: behavior{
			defaults: map[string]any{
				"region": "us-east", "client_conn_throttle": int64(0), "client_udp_sess_throttle": int64(0), "tags": []any{},
			},
			replace:  []string{"region", "firewall_id", "vpcs"},
			volatile: []string{"updated"},
		},
		create: createNodeBalancer, read: readNodeBalancer, update: updateNodeBalancer,
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteNodeBalancer(ctx, id)
		},
		importID: plainID,
	}
}

func createNodeBalancer(ctx context.Context, s *session, c change) (object, error) {
	p := c.planned
	options := linodego.NodeBalancerCreateOptions{
		Label: optional(p, "label", p.str), Region: p.str("region"),
		ClientConnThrottle: linodego.Pointer(p.integer("client_conn_throttle")),
		Tags:               p.strings("tags"), FirewallID: p.integer("firewall_id"),
	}
	if throttle := p.integer("client_udp_sess_throttle"); throttle > 0 {
		options.ClientUDPSessThrottle = &throttle
	}
	for _, vpc := range c.config.objects("vpcs") {
		options.VPCs = append(options.VPCs, linodego.NodeBalancerVPCOptions{
			SubnetID: vpc.integer("subnet_id"), IPv4Range: vpc.str("ipv4_range"), IPv6Range: vpc.str("ipv6_range"),
			IPv4RangeAutoAssign: vpc.boolean("ipv4_range_auto_assign"),
		})
	}
	balancer, err := s.CreateNodeBalancer(ctx, options)
	if err != nil {
		return nil, err
	}
	return recordThenRead(ctx, s, p.with(object{"id": strconv.Itoa(balancer.ID)}), readNodeBalancer)
}

// recordThenRead reads a new object and, where that fails, still returns what
// must be recorded of it.
func recordThenRead(ctx context.Context, s *session, recorded object, read func(context.Context, *session, object) (object, error)) (object, error) {
	state, err := read(ctx, s, recorded)
	if err != nil {
		return recorded, err
	}
	return state, nil
}

func readNodeBalancer(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	attributes, err := s.nodeBalancerAttributes(ctx, id)
	if err != nil {
		return nil, err
	}
	vpcs, err := s.nodeBalancerVPCs(ctx, id, state)
	if err != nil {
		return nil, err
	}
	attributes["vpcs"] = vpcs
	return state.with(attributes), nil
}

// nodeBalancerAttributes is what the resource and the data source share.
func (s *session) nodeBalancerAttributes(ctx context.Context, id int) (object, error) {
	balancer, err := s.GetNodeBalancer(ctx, id)
	if err != nil {
		return nil, err
	}
	firewalls, err := s.ListNodeBalancerFirewalls(ctx, id, nil)
	if err != nil {
		return nil, err
	}
	return object{
		"label": deref(balancer.Label), "region": balancer.Region, "hostname": deref(balancer.Hostname),
		"ipv4": deref(balancer.IPv4), "ipv6": deref(balancer.IPv6), "tags": set(balancer.Tags),
		"client_conn_throttle":     int64(balancer.ClientConnThrottle),
		"client_udp_sess_throttle": int64(balancer.ClientUDPSessThrottle),
		"created":                  timestamp(balancer.Created), "updated": timestamp(balancer.Updated),
		"transfer":  []any{object{"in": deref(balancer.Transfer.In), "out": deref(balancer.Transfer.Out), "total": deref(balancer.Transfer.Total)}},
		"firewalls": mapped(firewalls, nodeBalancerFirewall),
	}, nil
}

func nodeBalancerFirewall(f linodego.Firewall) object {
	return object{
		"id": f.ID, "label": f.Label, "status": string(f.Status), "tags": set(f.Tags),
		"created": timestamp(f.Created), "updated": timestamp(f.Updated),
		"inbound_policy": f.Rules.InboundPolicy, "outbound_policy": f.Rules.OutboundPolicy,
		"inbound": mapped(f.Rules.Inbound, balancerFirewallRule), "outbound": mapped(f.Rules.Outbound, balancerFirewallRule),
	}
}

// balancerFirewallRule lacks the description that a rule of linode_firewall has.
func balancerFirewallRule(r linodego.FirewallRule) object {
	rule := firewallRule(r)
	delete(rule, "description")
	return rule
}

func (s *session) nodeBalancerVPCs(ctx context.Context, id int, state object) (any, error) {
	// Only a NodeBalancer that was given a VPC has any, and asking for them
	// costs a call per refresh.
	if len(state.objects("vpcs")) == 0 {
		return state["vpcs"], nil
	}
	configs, err := s.ListNodeBalancerVPCConfigs(ctx, id, nil)
	if err != nil {
		return nil, err
	}
	return mapped(configs, func(v linodego.NodeBalancerVPCConfig) object {
		return object{"subnet_id": int64(v.SubnetID), "ipv4_range": v.IPv4Range, "ipv6_range": v.IPv6Range}
	}), nil
}

func updateNodeBalancer(ctx context.Context, s *session, c change) (object, error) {
	id, err := c.prior.numericID()
	if err != nil {
		return nil, err
	}
	p := c.planned
	options := linodego.NodeBalancerUpdateOptions{
		Label: optional(p, "label", p.str), ClientConnThrottle: linodego.Pointer(p.integer("client_conn_throttle")),
		Tags: linodego.Pointer(p.strings("tags")),
	}
	if changed("client_udp_sess_throttle", c.prior, p) {
		options.ClientUDPSessThrottle = linodego.Pointer(p.integer("client_udp_sess_throttle"))
	}
	if _, err := s.UpdateNodeBalancer(ctx, id, options); err != nil {
		return nil, err
	}
	return readNodeBalancer(ctx, s, p)
}
