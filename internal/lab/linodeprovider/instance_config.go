package linodeprovider

import (
	"encoding/json"

	"github.com/linode/linodego"
)

// configBlock shows a configuration profile of the API as a config block.
func configBlock(c linodego.InstanceConfig, diskLabels map[int]string) object {
	out := object{
		"id": c.ID, "label": c.Label, "kernel": c.Kernel, "root_device": c.RootDevice, "virt_mode": c.VirtMode,
		"run_level": c.RunLevel, "comments": c.Comments, "memory_limit": c.MemoryLimit,
		"interface": mapped(c.Interfaces, interfaceBlock),
	}
	if c.Helpers != nil {
		out["helpers"] = []any{object{
			"updatedb_disabled": c.Helpers.UpdateDBDisabled, "distro": c.Helpers.Distro, "modules_dep": c.Helpers.ModulesDep,
			"network": c.Helpers.Network, "devtmpfs_automount": c.Helpers.DevTmpFsAutomount,
		}}
	}
	if c.Devices != nil {
		out["devices"] = []any{deviceBlocks(c.Devices, diskLabels)}
	}
	return out
}

// deviceBlocks goes through JSON, because linodego has one field per slot.
func deviceBlocks(devices *linodego.InstanceConfigDeviceMap, diskLabels map[int]string) object {
	out := object{}
	encoded, err := json.Marshal(devices)
	if err != nil {
		return out
	}
	var slots map[string]*linodego.InstanceConfigDevice
	if err := json.Unmarshal(encoded, &slots); err != nil {
		return out
	}
	for slot, device := range slots {
		switch {
		case device == nil:
		case device.DiskID > 0:
			out[slot] = []any{object{"disk_id": device.DiskID, "disk_label": diskLabels[device.DiskID]}}
		case device.VolumeID > 0:
			out[slot] = []any{object{"volume_id": device.VolumeID}}
		}
	}
	return out
}

func interfaceBlock(i linodego.InstanceConfigInterface) object {
	out := object{
		"id": i.ID, "purpose": string(i.Purpose), "label": i.Label, "ipam_address": i.IPAMAddress, "primary": i.Primary,
		"active": i.Active, "subnet_id": deref(i.SubnetID), "vpc_id": deref(i.VPCID), "ip_ranges": list(i.IPRanges),
	}
	if i.IPv4 != nil {
		out["ipv4"] = []any{object{"vpc": i.IPv4.VPC, "nat_1_1": deref(i.IPv4.NAT1To1)}}
	}
	if i.IPv6 != nil {
		out["ipv6"] = []any{object{
			"is_public": deref(i.IPv6.IsPublic),
			"range": mapped(i.IPv6.Ranges, func(r linodego.InstanceConfigInterfaceIPv6Range) object {
				return object{"range": r.Range, "assigned_range": r.Range}
			}),
			"slaac": mapped(i.IPv6.SLAAC, func(r linodego.InstanceConfigInterfaceIPv6SLAAC) object {
				return object{"range": r.Range, "assigned_range": r.Range, "address": r.Address}
			}),
		}}
	}
	return out
}

func interfaceOptions(p object) []linodego.InstanceConfigInterfaceCreateOptions {
	var out []linodego.InstanceConfigInterfaceCreateOptions
	for _, block := range p.objects("interface") {
		options := linodego.InstanceConfigInterfaceCreateOptions{
			Purpose: linodego.ConfigInterfacePurpose(block.str("purpose")), Label: block.str("label"),
			IPAMAddress: block.str("ipam_address"), Primary: block.boolean("primary"),
			SubnetID: optional(block, "subnet_id", block.integer), IPRanges: block.strings("ip_ranges"),
		}
		if ipv4, ok := block.first("ipv4"); ok {
			options.IPv4 = &linodego.VPCIPv4{VPC: ipv4.str("vpc"), NAT1To1: optional(ipv4, "nat_1_1", ipv4.str)}
		}
		if ipv6, ok := block.first("ipv6"); ok {
			options.IPv6 = ipv6Options(ipv6)
		}
		out = append(out, options)
	}
	return out
}

func ipv6Options(block object) *linodego.InstanceConfigInterfaceCreateOptionsIPv6 {
	out := &linodego.InstanceConfigInterfaceCreateOptionsIPv6{IsPublic: optional(block, "is_public", block.boolean)}
	for _, r := range block.objects("range") {
		out.Ranges = append(out.Ranges, linodego.InstanceConfigInterfaceCreateOptionsIPv6Range{Range: optional(r, "range", r.str)})
	}
	for _, r := range block.objects("slaac") {
		out.SLAAC = append(out.SLAAC, linodego.InstanceConfigInterfaceCreateOptionsIPv6SLAAC{Range: r.str("range")})
	}
	return out
}
