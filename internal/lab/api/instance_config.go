package api

import (
	"fmt"
	"net/netip"
	"slices"
)

type disk struct {
	ID         int    `json:"id"`
	Label      string `json:"label"`
	Size       int    `json:"size"`
	Filesystem string `json:"filesystem"`
	Status     string `json:"status"`
	Created    string `json:"created"`
	Updated    string `json:"updated"`
}

type device struct {
	DiskID   int `json:"disk_id,omitempty"`
	VolumeID int `json:"volume_id,omitempty"`
}

type bootConfig struct {
	ID          int                `json:"id"`
	Label       string             `json:"label"`
	Comments    string             `json:"comments"`
	Devices     map[string]*device `json:"devices"`
	Helpers     map[string]bool    `json:"helpers"`
	Interfaces  []*bootInterface   `json:"interfaces"`
	Kernel      string             `json:"kernel"`
	MemoryLimit int                `json:"memory_limit"`
	RootDevice  string             `json:"root_device"`
	RunLevel    string             `json:"run_level"`
	VirtMode    string             `json:"virt_mode"`
	InitRD      *int               `json:"init_rd"`
}

func (s *Server) newDisk(label, filesystem string, size int) *disk {
	return &disk{
		ID: s.state.nextID("disk"), Label: label, Size: size, Filesystem: filesystem, Status: "ready",
		Created: s.timestamp(), Updated: s.timestamp(),
	}
}

func (s *Server) newConfig(label string, devices map[string]*device, faces []*bootInterface) *bootConfig {
	return &bootConfig{
		ID: s.state.nextID("config"), Label: label, Devices: devices, Interfaces: orEmpty(faces),
		Helpers: map[string]bool{"updatedb_disabled": true, "distro": true, "modules_dep": true, "network": true, "devtmpfs_automount": true},
		Kernel:  "linode/grub2", RootDevice: "/dev/sda", RunLevel: "default", VirtMode: "paravirt",
	}
}

func (s *Server) configRoutes() []route {
	const configs, config = "/linode/instances/{linodeId}/configs", "/linode/instances/{linodeId}/configs/{configId}"
	return []route{
		{method: "GET", path: configs, handler: s.listConfigs},
		{method: "POST", path: configs, handler: s.createConfig},
		{method: "GET", path: config, handler: s.getConfig},
		{method: "PUT", path: config, handler: s.updateConfig},
		{method: "DELETE", path: config, handler: s.unlockedParts(s.deleteConfig)},
		{method: "GET", path: config + "/interfaces", handler: s.listInterfaces},
		{method: "POST", path: config + "/interfaces", handler: s.addInterface},
		{method: "POST", path: config + "/interfaces/order", handler: s.orderInterfaces},
		{method: "GET", path: config + "/interfaces/{interfaceId}", handler: s.getInterface},
		{method: "PUT", path: config + "/interfaces/{interfaceId}", handler: s.updateInterface},
		{method: "DELETE", path: config + "/interfaces/{interfaceId}", handler: s.unlockedParts(s.deleteInterface)},
		{method: "GET", path: "/linode/instances/{linodeId}/disks", handler: s.listDisks},
		{method: "GET", path: "/linode/instances/{linodeId}/disks/{diskId}", handler: s.getDisk},
		{method: "PUT", path: "/linode/instances/{linodeId}/disks/{diskId}", handler: s.updateDisk},
	}
}

// bootConfig finds the configuration that a request names.
func (s *Server) bootConfig(c *call) (*instance, *bootConfig, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, nil, err
	}
	config := i.config(c.id("configId"))
	if config == nil {
		return nil, nil, errNotFound()
	}
	return i, config, nil
}

// show marks the interfaces of the booted configuration as active.
func (i *instance) show(config *bootConfig) *bootConfig {
	for _, face := range config.Interfaces {
		face.Active = i.BootedConfig == config.ID && i.Status == "running"
	}
	return config
}

func (s *Server) listConfigs(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	for _, config := range i.Configs {
		i.show(config)
	}
	return list{items: orEmpty(i.Configs)}, nil
}

func (s *Server) getConfig(c *call) (any, error) {
	i, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	return i.show(config), nil
}

func (s *Server) createConfig(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	config := s.newConfig("", map[string]*device{}, nil)
	if err := s.decodeConfig(c, i, config); err != nil {
		return nil, err
	}
	if config.Label == "" {
		return nil, invalid("label", "Label is required")
	}
	i.Configs = append(i.Configs, config)
	s.notify("linode_config_create", i.entity())
	return i.show(config), nil
}

func (s *Server) updateConfig(c *call) (any, error) {
	i, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	changed := *config
	if c.has("devices") {
		changed.Devices = nil
	}
	if err := s.decodeConfig(c, i, &changed); err != nil {
		return nil, err
	}
	*config = changed
	s.notify("linode_config_update", i.entity())
	return i.show(config), nil
}

// decodeConfig reads a request into a configuration; interfaces are replaced
// as a whole where the request names them.
func (s *Server) decodeConfig(c *call, i *instance, config *bootConfig) error {
	var r struct {
		Interfaces []interfaceRequest `json:"interfaces"`
	}
	if err := c.decode(&r); err != nil {
		return err
	}
	kept := config.Interfaces
	config.Interfaces = nil
	if err := c.decode(config); err != nil {
		return err
	}
	config.Interfaces = kept
	for name, d := range config.Devices {
		if d == nil {
			delete(config.Devices, name)
		} else if err := s.checkBootDevice(i, "devices."+name, d); err != nil {
			return err
		}
	}
	if err := s.checkVolumesStay(i, config); err != nil {
		return err
	}
	if c.has("interfaces") {
		faces, err := s.newInterfaces(r.Interfaces)
		if err != nil {
			return err
		}
		for _, face := range faces {
			face.nat(i.publicIPv4())
		}
		config.Interfaces = orEmpty(faces)
	}
	return nil
}

func (s *Server) checkBootDevice(i *instance, field string, d *device) error {
	if d.VolumeID != 0 {
		if v, err := s.findVolume(d.VolumeID); err != nil || v.LinodeID != i.ID {
			return invalid(field, "the lab attaches volumes by their own operation, and volume %d is not attached to this Linode", d.VolumeID)
		}
		return nil
	}
	if !slices.ContainsFunc(i.Disks, func(k *disk) bool { return k.ID == d.DiskID }) {
		return invalid(field, "no disk %d belongs to this Linode", d.DiskID)
	}
	return nil
}

// checkVolumesStay refuses a configuration that would lose a volume of its own at
// the next boot.
func (s *Server) checkVolumesStay(i *instance, config *bootConfig) error {
	for _, v := range s.attachedTo(i) {
		if v.ConfigID == config.ID && !config.hasVolume(v.ID) {
			return invalid("devices", "volume %d is attached with this configuration profile: detach it by its own operation", v.ID)
		}
	}
	return nil
}

func (s *Server) deleteConfig(c *call) (any, error) {
	i, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(s.attachedTo(i), func(v *volume) bool { return v.ConfigID == config.ID }) {
		return nil, invalid("", "a volume is attached with this configuration profile: detach it first")
	}
	i.Configs = slices.DeleteFunc(i.Configs, func(other *bootConfig) bool { return other == config })
	s.notify("linode_config_delete", i.entity())
	return none{}, nil
}

func (s *Server) listDisks(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	return list{items: orEmpty(i.Disks)}, nil
}

func (s *Server) getDisk(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	return pick(i.Disks, func(d *disk) bool { return d.ID == c.id("diskId") })
}

func (s *Server) updateDisk(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	d, err := pick(i.Disks, func(d *disk) bool { return d.ID == c.id("diskId") })
	if err != nil {
		return nil, err
	}
	if err := c.decode(d); err != nil {
		return nil, err
	}
	d.Updated = s.timestamp()
	return d, nil
}

// checkCIDR accepts an address with its network's length.
func checkCIDR(field, address string) error {
	if _, err := netip.ParsePrefix(address); err != nil {
		return invalid(field, "%s", fmt.Sprintf("Must be an address in CIDR notation, not %q", address))
	}
	return nil
}
