package api

import (
	"context"
	"fmt"
	"slices"
)

// attachment is what a request says of where a volume belongs.
type attachment struct {
	LinodeID int `json:"linode_id"`
	ConfigID int `json:"config_id"`
}

// place is a free device of a configuration profile.
type place struct {
	linode *instance
	config *bootConfig
	device string
}

// deviceNames are the devices that a configuration profile has.
func deviceNames() []string { return []string{"sda", "sdb", "sdc", "sdd", "sde", "sdf", "sdg", "sdh"} }

func (c *bootConfig) freeDevice() string {
	for _, name := range deviceNames() {
		if c.Devices[name] == nil {
			return name
		}
	}
	return ""
}

func (c *bootConfig) hasVolume(id int) bool {
	for _, d := range c.Devices {
		if d != nil && d.VolumeID == id {
			return true
		}
	}
	return false
}

// findPlace finds where a volume of a region, if that is known, may be attached.
func (s *Server) findPlace(to attachment, region string) (place, error) {
	if to.LinodeID == 0 {
		return place{}, invalid("config_id", "config_id needs a linode_id")
	}
	i, err := find(s.state.Instances, to.LinodeID)
	if err != nil || i.Status == "deleting" {
		return place{}, invalid("linode_id", "linode_id is not valid")
	}
	if region != "" && i.Region != region {
		return place{}, invalid("linode_id", "the Linode is in %s, not in %s", i.Region, region)
	}
	if i.busy() {
		return place{}, invalid("", "Linode busy.")
	}
	config := i.config(to.ConfigID)
	switch {
	case to.ConfigID != 0 && config == nil:
		return place{}, invalid("config_id", "config_id is not valid")
	case to.ConfigID == 0 && i.config(i.BootedConfig) != nil:
		config = i.config(i.BootedConfig)
	case to.ConfigID == 0 && len(i.Configs) == 1:
		config = i.Configs[0]
	case config == nil:
		return place{}, invalid("config_id", "no configuration profile of the Linode can be chosen for the volume")
	}
	device := config.freeDevice()
	if device == "" {
		return place{}, invalid("linode_id", "the configuration profile has no free device")
	}
	return place{i, config, device}, nil
}

// give attaches a volume as far as everybody sees; the zero place does nothing.
func (p place) give(v *volume) {
	if p.linode == nil {
		return
	}
	v.LinodeID, v.ConfigID, v.Work = p.linode.ID, p.config.ID, "attach"
	p.config.give(p.device, v)
}

func (c *bootConfig) give(name string, v *volume) {
	if c.Devices == nil {
		c.Devices = map[string]*device{}
	}
	c.Devices[name] = &device{VolumeID: v.ID}
}

// detached forgets where a volume was.
func (s *Server) detached(v *volume) {
	if i, ok := s.state.Instances[v.LinodeID]; ok {
		for _, config := range i.Configs {
			for name, d := range config.Devices {
				if d != nil && d.VolumeID == v.ID {
					delete(config.Devices, name)
				}
			}
		}
	}
	v.LinodeID, v.ConfigID, v.Ready, v.Work = 0, 0, false, ""
}

// keepVolumes gives the volumes of a Linode that was deployed anew to its new
// configuration profile.
func (s *Server) keepVolumes(i *instance) {
	config := i.config(i.BootedConfig)
	for _, v := range s.attachedTo(i) {
		v.ConfigID = config.ID
		if name := config.freeDevice(); name != "" {
			config.give(name, v)
		}
	}
}

// freeVolumes detaches the volumes of a machine that is gone.
func (s *Server) freeVolumes(ctx context.Context, i *instance) error {
	s.mu.Lock()
	attached := slices.Clone(s.attachedTo(i))
	s.mu.Unlock()
	for _, v := range attached {
		if err := s.options.Backend.DetachVolume(ctx, i.ID, v.ID); err != nil {
			return err
		}
	}
	return nil
}

// queueVolume makes a volume and then attaches it, if it has a place by then.
func (s *Server) queueVolume(v *volume, created *event) {
	spec := v.spec()
	s.run(task{
		object: fmt.Sprintf("volume %d", v.ID), event: created,
		do: func(ctx context.Context) error { return s.options.Backend.CreateVolume(ctx, spec) },
		after: func(err error) {
			if err != nil {
				s.detached(v)
				delete(s.state.Volumes, v.ID)
				return
			}
			v.Status = "active"
			if v.Work == "attach" {
				s.queueAttach(v, s.post("volume_attach", "scheduled", v.entity()))
			}
		},
	})
}

func (s *Server) queueAttach(v *volume, attach *event) {
	spec, linode := v.spec(), v.LinodeID
	s.run(task{
		object: v.object(), event: attach,
		do: func(ctx context.Context) error { return s.options.Backend.AttachVolume(ctx, linode, spec) },
		after: func(err error) {
			if err != nil {
				s.detached(v)
				return
			}
			if v.LinodeID == linode { // the Linode may have been deleted
				v.Ready, v.Work = true, ""
			}
		},
	})
}

func (s *Server) queueDetach(v *volume, detach *event) {
	v.Work, v.Ready = "detach", false
	linode := v.LinodeID
	s.run(task{
		object: v.object(), event: detach,
		do: func(ctx context.Context) error { return s.options.Backend.DetachVolume(ctx, linode, v.ID) },
		after: func(err error) {
			if err != nil {
				v.Ready, v.Work = true, ""
				return
			}
			s.detached(v)
		},
	})
}

func (s *Server) queueResize(v *volume, size int, resize *event) {
	spec := v.spec()
	spec.SizeGB = size
	s.run(task{
		object: v.object(), event: resize,
		do: func(ctx context.Context) error { return s.options.Backend.ResizeVolume(ctx, spec) },
		after: func(err error) {
			v.Status = "active"
			if err == nil {
				v.Size, v.Updated = size, s.timestamp()
			}
		},
	})
}

func (s *Server) queueVolumeDelete(v *volume, removed *event) {
	s.run(task{
		object: v.object(), event: removed,
		do: func(ctx context.Context) error { return s.options.Backend.DeleteVolume(ctx, v.ID) },
		after: func(err error) {
			if err != nil {
				v.Work = ""
				return
			}
			delete(s.state.Volumes, v.ID)
		},
	})
}

// resumeVolume goes on with what an earlier server could not end. An interrupted
// resize is to be asked for again.
func (s *Server) resumeVolume(v *volume) {
	switch v.Status {
	case "creating":
		s.queueVolume(v, s.post("volume_create", "scheduled", v.entity()))
		return
	case "resizing":
		v.Status = "active"
	}
	switch v.Work {
	case "attach":
		s.queueAttach(v, s.post("volume_attach", "scheduled", v.entity()))
	case "detach":
		s.queueDetach(v, s.post("volume_detach", "scheduled", v.entity()))
	case "delete":
		s.queueVolumeDelete(v, s.post("volume_delete", "scheduled", v.entity()))
	}
}
