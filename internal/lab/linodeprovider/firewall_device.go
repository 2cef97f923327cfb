package linodeprovider

import (
	"context"
	"strconv"

	"github.com/linode/linodego"
)

func firewallDeviceResource() resource {
	return resource{
		behavior: behavior{
			defaults: map[string]any{"entity_type": "linode"},
			replace:  []string{"firewall_id", "entity_id", "entity_type"},
			volatile: []string{"updated"},
		},
		create: createFirewallDevice, read: readFirewallDevice,
		// Every attribute that a user sets needs a new device.
		update: func(ctx context.Context, s *session, c change) (object, error) {
			return readFirewallDevice(ctx, s, c.planned)
		},
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteFirewallDevice(ctx, state.integer("firewall_id"), id)
		},
		importID: parentsAndID("firewall_id"),
	}
}

func createFirewallDevice(ctx context.Context, s *session, c change) (object, error) {
	p := c.planned
	device, err := s.CreateFirewallDevice(ctx, p.integer("firewall_id"), linodego.FirewallDeviceCreateOptions{
		ID: p.integer("entity_id"), Type: linodego.FirewallDeviceType(p.str("entity_type")),
	})
	if err != nil {
		return nil, err
	}
	return p.with(firewallDeviceAttributes(device)), nil
}

func readFirewallDevice(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	device, err := s.GetFirewallDevice(ctx, state.integer("firewall_id"), id)
	if err != nil {
		return nil, err
	}
	return state.with(firewallDeviceAttributes(device)), nil
}

func firewallDeviceAttributes(d *linodego.FirewallDevice) object {
	return object{
		"id": strconv.Itoa(d.ID), "entity_id": int64(d.Entity.ID), "entity_type": string(d.Entity.Type),
		"created": timestamp(d.Created), "updated": timestamp(d.Updated),
	}
}
