package linodeprovider

import (
	"context"

	"github.com/linode/linodego"
)

// dataSource looks something up; it returns the attributes beside those of
// the configuration.
type dataSource func(context.Context, *session, object) (object, error)

// dataSources is the table of everything the stand-in can look up.
func dataSources() map[string]dataSource {
	return map[string]dataSource{
		"linode_image":               lookUpImage,
		"linode_instance_type":       lookUpType,
		"linode_instances":           lookUpInstances,
		"linode_nodebalancer":        lookUpNodeBalancer,
		"linode_nodebalancer_config": lookUpNodeBalancerConfig,
		"linode_nodebalancer_node":   lookUpNodeBalancerNode,
		"linode_placement_group":     lookUpPlacementGroup,
		"linode_profile":             lookUpProfile,
		"linode_region":              lookUpRegion,
		"linode_regions":             lookUpRegions,
		"linode_vlans":               lookUpVLANs,
	}
}

func lookUpRegion(ctx context.Context, s *session, config object) (object, error) {
	region, err := s.GetRegion(ctx, config.str("id"))
	if err != nil {
		return nil, err
	}
	return regionAttributes(*region), nil
}

func lookUpRegions(ctx context.Context, s *session, config object) (object, error) {
	regions, err := s.ListRegions(ctx, nil)
	if err != nil {
		return nil, err
	}
	matching, err := filtered(config, mapped(regions, regionAttributes))
	return object{"id": "regions", "regions": matching}, err
}

func regionAttributes(r linodego.Region) object {
	out := object{
		"id": r.ID, "label": r.Label, "country": r.Country, "status": r.Status, "site_type": r.SiteType,
		"capabilities": set(r.Capabilities),
		"resolvers":    []any{object{"ipv4": r.Resolvers.IPv4, "ipv6": r.Resolvers.IPv6}},
		"monitors":     object{"alerts": list(r.Monitors.Alerts), "metrics": list(r.Monitors.Metrics)},
	}
	if limits := r.PlacementGroupLimits; limits != nil {
		out["placement_group_limits"] = []any{object{
			"maximum_pgs_per_customer": limits.MaximumPGsPerCustomer, "maximum_linodes_per_pg": limits.MaximumLinodesPerPG,
		}}
	}
	return out
}

func lookUpProfile(ctx context.Context, s *session, _ object) (object, error) {
	p, err := s.GetProfile(ctx)
	if err != nil {
		return nil, err
	}
	return object{
		"id": p.Username, "username": p.Username, "email": p.Email, "timezone": p.Timezone,
		"email_notifications": p.EmailNotifications, "ip_whitelist_enabled": p.IPWhitelistEnabled,
		"two_factor_auth": p.TwoFactorAuth, "restricted": p.Restricted, "lish_auth_method": string(p.LishAuthMethod),
		"authorized_keys": list(p.AuthorizedKeys),
		"referrals": []any{object{
			"total": p.Referrals.Total, "completed": p.Referrals.Completed, "pending": p.Referrals.Pending,
			"credit": p.Referrals.Credit, "code": p.Referrals.Code, "url": p.Referrals.URL,
		}},
	}, nil
}

func lookUpType(ctx context.Context, s *session, config object) (object, error) {
	t, err := s.GetType(ctx, config.str("id"))
	if err != nil {
		return nil, err
	}
	out := object{
		"id": t.ID, "label": t.Label, "class": string(t.Class), "disk": t.Disk, "memory": t.Memory, "vcpus": t.VCPUs,
		"transfer": t.Transfer, "network_out": t.NetworkOut, "accelerated_devices": t.AcceleratedDevices,
		"price": prices(t.Price), "region_prices": mapped(t.RegionPrices, regionPrice),
	}
	if t.Addons != nil && t.Addons.Backups != nil {
		backups := t.Addons.Backups
		out["addons"] = []any{object{"backups": []any{object{
			"price": prices(backups.Price), "region_prices": mapped(backups.RegionPrices, regionPrice),
		}}}}
	}
	return out, nil
}

func prices(p *linodego.LinodePrice) []any {
	if p == nil {
		return []any{}
	}
	return []any{object{"hourly": p.Hourly, "monthly": p.Monthly}}
}

func regionPrice(p linodego.LinodeRegionPrice) object {
	return object{"id": p.ID, "hourly": p.Hourly, "monthly": p.Monthly}
}

func lookUpVLANs(ctx context.Context, s *session, config object) (object, error) {
	vlans, err := s.ListVLANs(ctx, nil)
	if err != nil {
		return nil, err
	}
	matching, err := filtered(config, mapped(vlans, func(v linodego.VLAN) object {
		return object{"label": v.Label, "region": v.Region, "linodes": set(v.Linodes), "created": timestamp(v.Created)}
	}))
	return object{"id": "vlans", "vlans": matching}, err
}

func lookUpImage(ctx context.Context, s *session, config object) (object, error) {
	i, err := s.GetImage(ctx, config.str("id"))
	if err != nil {
		return nil, err
	}
	return object{
		"id": i.ID, "label": i.Label, "description": i.Description, "type": i.Type, "vendor": i.Vendor, "status": string(i.Status),
		"size": i.Size, "total_size": i.TotalSize, "is_public": i.IsPublic, "is_shared": i.IsShared, "deprecated": i.Deprecated,
		"created_by": i.CreatedBy, "created": timestamp(i.Created), "expiry": timestamp(i.Expiry),
		"capabilities": set(i.Capabilities), "tags": list(i.Tags),
		"replications": mapped(i.Regions, func(r linodego.ImageRegion) object {
			return object{"region": r.Region, "status": string(r.Status)}
		}),
		"image_sharing": imageSharing(i.ImageSharing),
	}, nil
}

func imageSharing(in linodego.ImageSharing) object {
	out := object{}
	if by := in.SharedBy; by != nil {
		out["shared_by"] = object{
			"sharegroup_id": by.ShareGroupID, "sharegroup_uuid": by.ShareGroupUUID,
			"sharegroup_label": by.ShareGroupLabel, "source_image_id": deref(by.SourceImageID),
		}
	}
	if with := in.SharedWith; with != nil {
		out["shared_with"] = object{"sharegroup_count": with.ShareGroupCount, "sharegroup_list_url": with.ShareGroupListURL}
	}
	return out
}

func lookUpPlacementGroup(ctx context.Context, s *session, config object) (object, error) {
	group, err := s.GetPlacementGroup(ctx, config.integer("id"))
	if err != nil {
		return nil, err
	}
	out := placementGroupAttributes(group)
	if group.Migrations != nil {
		migrating := func(m linodego.PlacementGroupMigrationInstance) object { return object{"linode_id": m.LinodeID} }
		out["migrations"] = object{"inbound": mapped(group.Migrations.Inbound, migrating), "outbound": mapped(group.Migrations.Outbound, migrating)}
	}
	return out, nil
}
