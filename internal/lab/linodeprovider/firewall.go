package linodeprovider

import (
	"context"
	"slices"
	"strconv"

	"github.com/linode/linodego"
)

func firewallResource() resource {
	return resource{
		behavior: behavior{
			defaults: map[string]any{
				"disabled": false, "tags": []any{}, "inbound.description": "", "outbound.description": "",
			},
			volatile: []string{"updated"},
			adjust:   adjustFirewall,
		},
		create: createFirewall, read: readFirewall, update: updateFirewall,
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteFirewall(ctx, id)
		},
		importID: plainID,
	}
}

// firewallEntities pairs the attributes with the kinds of device they list.
func firewallEntities() map[string]linodego.FirewallDeviceType {
	return map[string]linodego.FirewallDeviceType{
		"linodes": linodego.FirewallDeviceLinode, "nodebalancers": linodego.FirewallDeviceNodeBalancer,
		"interfaces": linodego.FirewallDeviceLinodeInterface,
	}
}

// adjustFirewall says which computed values follow from a change of others.
func adjustFirewall(_, prior, planned object) {
	if prior == nil {
		return
	}
	if changed("disabled", prior, planned) {
		planned["status"] = unknown{}
	}
	for name := range firewallEntities() {
		if changed(name, prior, planned) {
			planned["devices"] = unknown{}
		}
	}
}

func createFirewall(ctx context.Context, s *session, c change) (object, error) {
	p := c.planned
	firewall, err := s.CreateFirewall(ctx, linodego.FirewallCreateOptions{
		Label: p.str("label"), Tags: p.strings("tags"), Rules: firewallRules(p),
		Devices: linodego.DevicesCreationOptions{
			Linodes: p.integers("linodes"), NodeBalancers: p.integers("nodebalancers"), LinodeInterfaces: p.integers("interfaces"),
		},
	})
	if err != nil {
		return nil, err
	}
	recorded := p.with(object{"id": strconv.Itoa(firewall.ID)})
	if p.boolean("disabled") {
		options := linodego.FirewallUpdateOptions{Status: linodego.FirewallDisabled}
		if _, err := s.UpdateFirewall(ctx, firewall.ID, options); err != nil {
			return recorded, err
		}
	}
	return recordThenRead(ctx, s, recorded, readFirewall)
}

func firewallRules(p object) linodego.FirewallRuleSet {
	return linodego.FirewallRuleSet{
		InboundPolicy: p.str("inbound_policy"), OutboundPolicy: p.str("outbound_policy"),
		Inbound: rulesOf(p.objects("inbound")), Outbound: rulesOf(p.objects("outbound")),
	}
}

func rulesOf(blocks []object) []linodego.FirewallRule {
	out := []linodego.FirewallRule{}
	for _, block := range blocks {
		out = append(out, linodego.FirewallRule{
			Label: block.str("label"), Action: block.str("action"), Protocol: linodego.NetworkProtocol(block.str("protocol")),
			Ports: block.str("ports"), Description: block.str("description"),
			Addresses: linodego.NetworkAddresses{
				IPv4: optional(block, "ipv4", block.strings), IPv6: optional(block, "ipv6", block.strings),
			},
		})
	}
	return out
}

func readFirewall(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	firewall, err := s.GetFirewall(ctx, id)
	if err != nil {
		return nil, err
	}
	devices, err := s.ListFirewallDevices(ctx, id, nil)
	if err != nil {
		return nil, err
	}
	out := state.with(object{
		"label": firewall.Label, "tags": set(firewall.Tags), "status": string(firewall.Status),
		"disabled": firewall.Status == linodego.FirewallDisabled,
		"created":  timestamp(firewall.Created), "updated": timestamp(firewall.Updated),
		"inbound_policy": firewall.Rules.InboundPolicy, "outbound_policy": firewall.Rules.OutboundPolicy,
		"inbound": mapped(firewall.Rules.Inbound, firewallRule), "outbound": mapped(firewall.Rules.Outbound, firewallRule),
		"devices": mapped(devices, func(d linodego.FirewallDevice) object {
			return object{"id": d.ID, "entity_id": d.Entity.ID, "type": string(d.Entity.Type), "label": d.Entity.Label, "url": d.Entity.URL}
		}),
	})
	for name, kind := range firewallEntities() {
		out[name] = set(entityIDs(devices, kind))
	}
	return out, nil
}

func entityIDs(devices []linodego.FirewallDevice, kind linodego.FirewallDeviceType) []int {
	var out []int
	for _, device := range devices {
		if device.Entity.Type == kind {
			out = append(out, device.Entity.ID)
		}
	}
	return out
}

func firewallRule(r linodego.FirewallRule) object {
	return object{
		"label": r.Label, "action": r.Action, "protocol": string(r.Protocol), "description": r.Description,
		"ports": nullable(r.Ports), "ipv4": nullableList(r.Addresses.IPv4), "ipv6": nullableList(r.Addresses.IPv6),
	}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nullableList(in *[]string) any {
	if in == nil || len(*in) == 0 {
		return nil
	}
	return list(*in)
}

func updateFirewall(ctx context.Context, s *session, c change) (object, error) {
	id, err := c.prior.numericID()
	if err != nil {
		return nil, err
	}
	p := c.planned
	status := linodego.FirewallEnabled
	if p.boolean("disabled") {
		status = linodego.FirewallDisabled
	}
	options := linodego.FirewallUpdateOptions{Label: p.str("label"), Tags: linodego.Pointer(p.strings("tags")), Status: status}
	if _, err := s.UpdateFirewall(ctx, id, options); err != nil {
		return nil, err
	}
	if _, err := s.UpdateFirewallRules(ctx, id, firewallRules(p)); err != nil {
		return nil, err
	}
	if err := s.updateDevices(ctx, id, p); err != nil {
		return nil, err
	}
	return readFirewall(ctx, s, p)
}

// updateDevices attaches and detaches until the firewall has the planned
// devices; an attribute without a planned value leaves its kind alone.
func (s *session) updateDevices(ctx context.Context, id int, planned object) error {
	devices, err := s.ListFirewallDevices(ctx, id, nil)
	if err != nil {
		return err
	}
	for name, kind := range firewallEntities() {
		if !planned.has(name) {
			continue
		}
		wanted := planned.integers(name)
		for _, device := range devices {
			if device.Entity.Type != kind || slices.Contains(wanted, device.Entity.ID) {
				continue
			}
			if err := s.DeleteFirewallDevice(ctx, id, device.ID); err != nil && !gone(err) {
				return err
			}
		}
		attached := entityIDs(devices, kind)
		for _, entity := range wanted {
			if slices.Contains(attached, entity) {
				continue
			}
			if _, err := s.CreateFirewallDevice(ctx, id, linodego.FirewallDeviceCreateOptions{ID: entity, Type: kind}); err != nil {
				return err
			}
		}
	}
	return nil
}
