package linodeprovider

import (
	"context"
	"strconv"

	"github.com/linode/linodego"
)

func vpcResource() resource {
	return resource{
		behavior: behavior{replace: []string{"region", "ipv6"}, volatile: []string{"updated"}},
		create:   createVPC, read: readVPC,
		update: func(ctx context.Context, s *session, c change) (object, error) {
			id, err := c.prior.numericID()
			if err != nil {
				return nil, err
			}
			vpc, err := s.UpdateVPC(ctx, id, linodego.VPCUpdateOptions{Label: c.planned.str("label"), Description: c.planned.str("description")})
			if err != nil {
				return nil, err
			}
			return c.planned.with(vpcAttributes(vpc, c.planned)), nil
		},
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteVPC(ctx, id)
		},
		importID: plainID,
	}
}

func createVPC(ctx context.Context, s *session, c change) (object, error) {
	p := c.planned
	options := linodego.VPCCreateOptions{Label: p.str("label"), Region: p.str("region"), Description: p.str("description")}
	// The allocation class is write-only: only the configuration has it.
	for _, ipv6 := range c.config.objects("ipv6") {
		options.IPv6 = append(options.IPv6, linodego.VPCCreateOptionsIPv6{
			Range: optional(ipv6, "range", ipv6.str), AllocationClass: optional(ipv6, "allocation_class", ipv6.str),
		})
	}
	vpc, err := s.CreateVPC(ctx, options)
	if err != nil {
		return nil, err
	}
	return p.with(vpcAttributes(vpc, p)), nil
}

func readVPC(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	vpc, err := s.GetVPC(ctx, id)
	if err != nil {
		return nil, err
	}
	return state.with(vpcAttributes(vpc, state)), nil
}

func vpcAttributes(v *linodego.VPC, state object) object {
	return object{
		"id": strconv.Itoa(v.ID), "label": v.Label, "region": v.Region, "description": v.Description,
		"created": timestamp(v.Created), "updated": timestamp(v.Updated), "ipv6": allocatedRanges(v.IPv6, state),
	}
}

// allocatedRanges keeps what the user asked for, a range or only its size,
// beside the range that was given. No range and no wish for one is null.
func allocatedRanges(ranges []linodego.VPCIPv6Range, state object) any {
	wishes := state.objects("ipv6")
	if len(ranges) == 0 && len(wishes) == 0 {
		return state["ipv6"]
	}
	out := make([]any, len(ranges))
	for i, given := range ranges {
		wish := any(given.Range)
		if i < len(wishes) && wishes[i]["range"] != nil {
			wish = wishes[i]["range"]
		}
		out[i] = object{"range": wish, "allocated_range": given.Range}
	}
	return out
}

func vpcSubnetResource() resource {
	return resource{
		behavior: behavior{replace: []string{"vpc_id", "ipv4", "ipv6"}, volatile: []string{"updated"}},
		create:   createVPCSubnet, read: readVPCSubnet,
		update: func(ctx context.Context, s *session, c change) (object, error) {
			id, err := c.prior.numericID()
			if err != nil {
				return nil, err
			}
			subnet, err := s.UpdateVPCSubnet(ctx, c.planned.integer("vpc_id"), id, linodego.VPCSubnetUpdateOptions{Label: c.planned.str("label")})
			if err != nil {
				return nil, err
			}
			return c.planned.with(vpcSubnetAttributes(subnet, c.planned)), nil
		},
		delete: func(ctx context.Context, s *session, state object) error {
			id, err := state.numericID()
			if err != nil {
				return err
			}
			return s.DeleteVPCSubnet(ctx, state.integer("vpc_id"), id)
		},
		importID: parentsAndID("vpc_id"),
	}
}

func createVPCSubnet(ctx context.Context, s *session, c change) (object, error) {
	p := c.planned
	options := linodego.VPCSubnetCreateOptions{Label: p.str("label"), IPv4: p.str("ipv4")}
	for _, ipv6 := range p.objects("ipv6") {
		options.IPv6 = append(options.IPv6, linodego.VPCSubnetCreateOptionsIPv6{Range: optional(ipv6, "range", ipv6.str)})
	}
	subnet, err := s.CreateVPCSubnet(ctx, options, p.integer("vpc_id"))
	if err != nil {
		return nil, err
	}
	return p.with(vpcSubnetAttributes(subnet, p)), nil
}

func readVPCSubnet(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	subnet, err := s.GetVPCSubnet(ctx, state.integer("vpc_id"), id)
	if err != nil {
		return nil, err
	}
	return state.with(vpcSubnetAttributes(subnet, state)), nil
}

func vpcSubnetAttributes(v *linodego.VPCSubnet, state object) object {
	return object{
		"id": strconv.Itoa(v.ID), "label": v.Label, "ipv4": v.IPv4, "ipv6": allocatedRanges(v.IPv6, state),
		"created": timestamp(v.Created), "updated": timestamp(v.Updated),
		"linodes": mapped(v.Linodes, func(l linodego.VPCSubnetLinode) object {
			return object{"id": l.ID, "interfaces": mapped(l.Interfaces, func(i linodego.VPCSubnetLinodeInterface) object {
				return object{"id": i.ID, "active": i.Active, "config_id": deref(i.ConfigID)}
			})}
		}),
		"databases": mapped(v.Databases, func(d linodego.VPCSubnetDatabase) object {
			return object{"id": d.ID, "ipv4_range": deref(d.IPv4Range), "ipv6_ranges": mapped(d.IPv6Ranges, rangeObject)}
		}),
		"nodebalancers": mapped(v.Nodebalancers, func(n linodego.VPCSubnetNodebalancers) object {
			return object{"id": n.ID, "ipv4_range": n.Ipv4Range, "ipv6_ranges": mapped(n.Ipv6Ranges,
				func(r linodego.VPCSubnetNodebalancersRanges) object { return rangeObject(r.Range) })}
		}),
	}
}

func rangeObject(r string) object { return object{"range": r} }
