package linodeprovider

import (
	"context"
	"slices"

	"github.com/linode/linodego"
)

// readInstance starts from the state, because the API never returns image
// deployment arguments such as keys and user data.
func readInstance(ctx context.Context, s *session, state object) (object, error) {
	id, err := state.numericID()
	if err != nil {
		return nil, err
	}
	instance, err := s.GetInstance(ctx, id)
	if err != nil {
		return nil, err
	}
	out := state.with(instanceAttributes(instance))
	out["placement_group"] = placementGroupBlock(instance, state)
	if err := s.readAddresses(ctx, id, out); err != nil {
		return nil, err
	}
	if err := s.readDisksAndConfigs(ctx, id, out); err != nil {
		return nil, err
	}
	return out, nil
}

func instanceAttributes(i *linodego.Instance) object {
	out := object{
		"label": i.Label, "status": string(i.Status), "type": i.Type, "region": i.Region, "group": i.Group,
		"maintenance_policy": i.MaintenancePolicy, "watchdog_enabled": i.WatchdogEnabled,
		"tags": set(i.Tags), "capabilities": set(i.Capabilities), "locks": set(i.Locks),
		"booted":    slices.Contains([]linodego.InstanceStatus{linodego.InstanceRunning, linodego.InstanceRebooting, linodego.InstanceBooting}, i.Status),
		"host_uuid": i.HostUUID, "has_user_data": i.HasUserData, "lke_cluster_id": i.LKEClusterID,
		"disk_encryption": string(i.DiskEncryption), "interface_generation": string(i.InterfaceGeneration),
		"ipv6": i.IPv6,
	}
	var addresses []string
	for _, address := range i.IPv4 {
		addresses = append(addresses, address.String())
	}
	out["ipv4"] = set(addresses)
	if i.Backups != nil {
		out["backups_enabled"] = i.Backups.Enabled
		out["backups"] = []any{object{
			"available": i.Backups.Available, "enabled": i.Backups.Enabled,
			"schedule": []any{object{"day": i.Backups.Schedule.Day, "window": i.Backups.Schedule.Window}},
		}}
	}
	if i.Alerts != nil {
		out["alerts"] = []any{object{
			"cpu": i.Alerts.CPU, "io": i.Alerts.IO, "network_in": i.Alerts.NetworkIn,
			"network_out": i.Alerts.NetworkOut, "transfer_quota": i.Alerts.TransferQuota,
		}}
	}
	if i.Specs != nil {
		out["specs"] = []any{object{
			"vcpus": i.Specs.VCPUs, "disk": i.Specs.Disk, "memory": i.Specs.Memory, "transfer": i.Specs.Transfer,
			"gpus": i.Specs.GPUs, "accelerated_devices": i.Specs.AcceleratedDevices,
		}}
	}
	return out
}

func placementGroupBlock(i *linodego.Instance, state object) []any {
	if i.PlacementGroup == nil {
		return []any{}
	}
	before, _ := state.first("placement_group")
	return []any{object{
		"id": int64(i.PlacementGroup.ID), "label": i.PlacementGroup.Label, "compliant_only": before["compliant_only"],
		"placement_group_type":   string(i.PlacementGroup.PlacementGroupType),
		"placement_group_policy": string(i.PlacementGroup.PlacementGroupPolicy),
	}}
}

// readAddresses keeps the addresses that the state already shows as long as
// the instance has them: their order in the API's answer means nothing.
func (s *session) readAddresses(ctx context.Context, id int, out object) error {
	addresses, err := s.GetInstanceIPAddresses(ctx, id)
	if err != nil || addresses.IPv4 == nil {
		return err
	}
	public, private := plainAddresses(addresses.IPv4.Public), plainAddresses(addresses.IPv4.Private)
	out["shared_ipv4"] = set(plainAddresses(addresses.IPv4.Shared))
	out["private_ip"] = len(private) > 0
	out["ip_address"] = stillOneOf(out.str("ip_address"), public)
	out["private_ip_address"] = stillOneOf(out.str("private_ip_address"), private)
	return nil
}

func plainAddresses(in []*linodego.InstanceIP) []string {
	out := []string{}
	for _, ip := range in {
		out = append(out, ip.Address)
	}
	return out
}

func stillOneOf(current string, addresses []string) any {
	switch {
	case slices.Contains(addresses, current):
		return current
	case len(addresses) == 0:
		return nil
	}
	return addresses[0]
}

func (s *session) readDisksAndConfigs(ctx context.Context, id int, out object) error {
	disks, err := s.ListInstanceDisks(ctx, id, nil)
	if err != nil {
		return err
	}
	configs, err := s.ListInstanceConfigs(ctx, id, nil)
	if err != nil {
		return err
	}
	labels, swap := map[int]string{}, 0
	for _, disk := range disks {
		labels[disk.ID] = disk.Label
		if disk.Filesystem == linodego.FilesystemSwap {
			swap += disk.Size
		}
	}
	out["swap_size"] = swap
	out["disk"] = mapped(disks, func(d linodego.InstanceDisk) object {
		return object{"id": d.ID, "label": d.Label, "size": d.Size, "filesystem": string(d.Filesystem)}
	})
	out["config"] = mapped(configs, func(c linodego.InstanceConfig) object { return configBlock(c, labels) })
	if len(configs) == 1 {
		out["boot_config_label"] = configs[0].Label
		// The top-level interface block stands for the only configuration
		// profile, and only for users who wrote it.
		if len(out.objects("interface")) > 0 {
			out["interface"] = mapped(configs[0].Interfaces, interfaceBlock)
		}
	}
	return nil
}
