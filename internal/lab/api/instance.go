package api

import (
	"encoding/base64"
	"fmt"
	"slices"
)

// instance is a Linode as the lab remembers it; see view for what is shown.
type instance struct {
	ID             int            `json:"id"`
	Label          string         `json:"label"`
	Group          string         `json:"group"`
	Region         string         `json:"region"`
	Type           string         `json:"type"`
	Image          string         `json:"image"`
	Status         string         `json:"status"`
	IPv4           []string       `json:"ipv4"`
	Shared         []string       `json:"shared"`
	Tags           []string       `json:"tags"`
	Alerts         instanceAlerts `json:"alerts"`
	Backups        bool           `json:"backups"`
	Watchdog       bool           `json:"watchdog"`
	Policy         string         `json:"maintenance_policy"`
	GroupID        int            `json:"placement_group"`
	UserData       string         `json:"user_data"`
	AuthorizedKeys []string       `json:"authorized_keys"`
	Disks          []*disk        `json:"disks"`
	Configs        []*bootConfig  `json:"configs"`
	BootedConfig   int            `json:"booted_config"`
	// Made says that a machine exists; an instance without image has none.
	Made bool `json:"made"`
	// Networks is what the machine was last given, to see when it is stale.
	Networks string `json:"networks"`
	Created  string `json:"created"`
	Updated  string `json:"updated"`
}

type instanceAlerts struct {
	CPU           int `json:"cpu"`
	IO            int `json:"io"`
	NetworkIn     int `json:"network_in"`
	NetworkOut    int `json:"network_out"`
	TransferQuota int `json:"transfer_quota"`
}

// view is the instance as the API shows it.
func (s *Server) view(i *instance) map[string]any {
	p, _ := findPlan(i.Type)
	v := map[string]any{
		"id": i.ID, "label": i.Label, "group": i.Group, "region": i.Region, "type": i.Type, "status": i.Status,
		"image": nil, "ipv4": i.IPv4, "ipv6": slaac(i.ID) + "/128", "tags": orEmpty(i.Tags), "alerts": i.Alerts,
		"backups": map[string]any{
			"enabled": i.Backups, "available": false, "schedule": map[string]any{"day": nil, "window": nil},
		},
		"watchdog_enabled": i.Watchdog, "has_user_data": i.UserData != "", "hypervisor": "kvm",
		"host_uuid": fmt.Sprintf("00000000-0000-4000-8000-%012x", i.ID), "lke_cluster_id": nil,
		"specs": map[string]any{
			"disk": p.Disk, "memory": p.Memory, "vcpus": p.VCPUs, "transfer": p.Transfer, "gpus": 0, "accelerated_devices": 0,
		},
		"capabilities": []string{}, "created": i.Created, "updated": i.Updated, "placement_group": nil,
		"interface_generation": "legacy_config", "disk_encryption": "disabled", "maintenance_policy": i.Policy, "locks": s.locksOf(i),
	}
	if i.Image != "" {
		v["image"] = i.Image
	}
	if g, ok := s.state.Groups[i.GroupID]; ok {
		v["placement_group"] = map[string]any{
			"id": g.ID, "label": g.Label, "placement_group_type": g.Type, "placement_group_policy": g.Policy,
		}
	}
	return v
}

func (i *instance) entity() entity { return entityOf("linode", i.ID, i.Label) }

func (i *instance) object() string { return fmt.Sprintf("linode %d", i.ID) }

// busy reports whether the machine is on its way to another state.
func (i *instance) busy() bool {
	return !slices.Contains([]string{"running", "offline"}, i.Status)
}

func (i *instance) publicIPv4() string  { return i.firstAddress(false) }
func (i *instance) privateIPv4() string { return i.firstAddress(true) }

func (i *instance) firstAddress(private bool) string {
	for _, a := range i.IPv4 {
		if isPrivate(a) == private {
			return a
		}
	}
	return ""
}

// spec is the machine behind the instance with the interfaces of the booted
// configuration.
func (s *Server) spec(i *instance, rootPassword string) MachineSpec {
	spec := MachineSpec{
		ID: i.ID, Label: i.Label, Image: i.Image, PublicIPv4: i.publicIPv4(), PrivateIPv4: i.privateIPv4(),
		AuthorizedKeys: i.AuthorizedKeys, RootPassword: rootPassword,
	}
	if p, err := findPlan(i.Type); err == nil {
		spec.MemoryMiB = p.Memory
	}
	if data, err := base64.StdEncoding.DecodeString(i.UserData); err == nil {
		spec.UserData = string(data)
	}
	if config := i.config(i.BootedConfig); config != nil {
		for _, face := range config.Interfaces {
			if vlan, ok := s.network(face); ok {
				spec.VLANs = append(spec.VLANs, vlan)
			}
		}
	}
	return spec
}

// networksOf is a fingerprint of what a machine is attached to.
func networksOf(spec MachineSpec) string {
	return fmt.Sprintf("%s %s %v", spec.PublicIPv4, spec.PrivateIPv4, spec.VLANs)
}

func (i *instance) config(id int) *bootConfig {
	for _, c := range i.Configs {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (s *Server) instance(c *call) (*instance, error) {
	return find(s.state.Instances, c.id("linodeId"))
}

func (s *Server) instanceRoutes() []route {
	return []route{
		{method: "GET", path: "/linode/instances", handler: s.listInstances},
		{method: "POST", path: "/linode/instances", handler: s.createInstance},
		{method: "GET", path: "/linode/instances/{linodeId}", handler: s.getInstance},
		{method: "PUT", path: "/linode/instances/{linodeId}", handler: s.updateInstance},
		{method: "DELETE", path: "/linode/instances/{linodeId}", handler: s.deleteInstance},
		{method: "POST", path: "/linode/instances/{linodeId}/boot", handler: s.bootInstance},
		{method: "POST", path: "/linode/instances/{linodeId}/reboot", handler: s.rebootInstance},
		{method: "POST", path: "/linode/instances/{linodeId}/shutdown", handler: s.shutdownInstance},
		{method: "POST", path: "/linode/instances/{linodeId}/rebuild", handler: s.rebuildInstance},
		{method: "POST", path: "/linode/instances/{linodeId}/resize", handler: s.resizeInstance},
		{method: "GET", path: "/linode/instances/{linodeId}/volumes", handler: s.listInstanceVolumes},
		{method: "GET", path: "/linode/instances/{linodeId}/nodebalancers", handler: s.listInstanceBalancers},
		{method: "GET", path: "/linode/instances/{linodeId}/firewalls", handler: s.listInstanceFirewalls},
		{method: "POST", path: "/linode/instances/{linodeId}/firewalls/apply", handler: s.applyInstanceFirewalls},
	}
}

func (s *Server) listInstances(*call) (any, error) {
	views := []any{}
	for _, i := range sorted(s.state.Instances) {
		views = append(views, s.view(i))
	}
	return list{items: views}, nil
}

func (s *Server) getInstance(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	return s.view(i), nil
}

func (s *Server) updateInstance(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	change := struct {
		Label    *string         `json:"label"`
		Group    *string         `json:"group"`
		Tags     *[]string       `json:"tags"`
		Alerts   *instanceAlerts `json:"alerts"`
		Watchdog *bool           `json:"watchdog_enabled"`
		Policy   *string         `json:"maintenance_policy"`
	}{&i.Label, &i.Group, &i.Tags, &i.Alerts, &i.Watchdog, &i.Policy}
	// decoding into the object's own fields would leave half a change behind
	// when the label is refused
	var wanted struct {
		Label string `json:"label"`
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.Label != "" {
		if err := s.checkLabel(wanted.Label, i.ID); err != nil {
			return nil, err
		}
	}
	if err := c.decode(&change); err != nil {
		return nil, err
	}
	i.Updated = s.timestamp()
	s.notify("linode_update", i.entity())
	return s.view(i), nil
}

// resizeInstance is refused: the lab's machines share one computer, so a plan
// is a name without effect and a resize would be a lie.
func (s *Server) resizeInstance(c *call) (any, error) {
	if _, err := s.instance(c); err != nil {
		return nil, err
	}
	return nil, invalid("type", "the lab cannot resize a Linode: its machines have no plan of their own; replace it instead")
}
