package api

import (
	"context"
	"errors"
	"fmt"
)

var errNoMachine = errors.New("the machine was not created")

// powerRequest is the optional body of boot and reboot.
type powerRequest struct {
	ConfigID int `json:"config_id"`
}

// ready finds the instance of a power action and refuses while it is busy, in
// the very words after which linodego tries again.
func (s *Server) ready(c *call) (*instance, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	if i.busy() {
		return nil, invalid("", "Linode busy.")
	}
	return i, nil
}

// selectConfig decides which configuration boots.
func (s *Server) selectConfig(c *call, i *instance) error {
	var r powerRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	if len(i.Configs) == 0 {
		return invalid("", "This Linode has no configuration profile to boot")
	}
	switch {
	case r.ConfigID != 0 && i.config(r.ConfigID) == nil:
		return invalid("config_id", "config_id is not valid")
	case r.ConfigID != 0:
		i.BootedConfig = r.ConfigID
	case i.config(i.BootedConfig) == nil:
		i.BootedConfig = i.Configs[0].ID
	}
	return nil
}

func (s *Server) bootInstance(c *call) (any, error) {
	i, err := s.ready(c)
	if err != nil {
		return nil, err
	}
	if i.Status == "running" {
		return nil, invalid("", "Linode %d is already booted.", i.ID)
	}
	if err := s.selectConfig(c, i); err != nil {
		return nil, err
	}
	i.Status = "booting"
	s.queueBoot(i, s.post("linode_boot", "scheduled", i.entity()))
	return none{}, nil
}

func (s *Server) queueBoot(i *instance, booted *event) {
	s.run(task{
		object: i.object(), event: booted,
		do: func(ctx context.Context) error {
			if err := s.refreshNetworks(ctx, i); err != nil {
				return err
			}
			return s.options.Backend.StartMachine(ctx, i.ID)
		},
		after: func(err error) { i.settle(err, "running", "offline") },
	})
}

func (s *Server) rebootInstance(c *call) (any, error) {
	i, err := s.ready(c)
	if err != nil {
		return nil, err
	}
	if err := s.selectConfig(c, i); err != nil {
		return nil, err
	}
	wasRunning := i.Status == "running"
	i.Status = "rebooting"
	s.run(task{
		object: i.object(), event: s.post("linode_reboot", "scheduled", i.entity()),
		do: func(ctx context.Context) error {
			if err := s.refreshNetworks(ctx, i); err != nil {
				return err
			}
			if !wasRunning {
				return s.options.Backend.StartMachine(ctx, i.ID)
			}
			return s.options.Backend.RebootMachine(ctx, i.ID)
		},
		after: func(err error) { i.settle(err, "running", "offline") },
	})
	return none{}, nil
}

func (s *Server) shutdownInstance(c *call) (any, error) {
	i, err := s.ready(c)
	if err != nil {
		return nil, err
	}
	before := i.Status
	i.Status = "shutting_down"
	s.run(task{
		object: i.object(), event: s.post("linode_shutdown", "scheduled", i.entity()),
		do: func(ctx context.Context) error {
			if before == "offline" {
				return nil
			}
			return s.options.Backend.StopMachine(ctx, i.ID)
		},
		after: func(err error) { i.settle(err, "offline", before) },
	})
	return none{}, nil
}

// settle sets the status after work, unless the instance is being deleted.
func (i *instance) settle(err error, good, bad string) {
	if i.Status == "deleting" {
		return
	}
	i.Status = good
	if err != nil {
		i.Status = bad
	}
}

// refreshNetworks gives the machine the networks of the configuration it is
// about to boot, where they differ from those it has.
func (s *Server) refreshNetworks(ctx context.Context, i *instance) error {
	s.mu.Lock()
	spec := s.spec(i, "")
	stale, made := i.Networks != networksOf(spec), i.Made
	s.mu.Unlock()
	if !made {
		return errNoMachine
	}
	if !stale {
		return nil
	}
	configurer, ok := s.options.Backend.(MachineConfigurer)
	if !ok {
		return fmt.Errorf("cannot boot %s with changed interfaces: this lab attaches networks only when a machine is created or rebuilt", i.Label)
	}
	if err := configurer.ConfigureMachine(ctx, spec); err != nil {
		return err
	}
	s.locked(func() { i.Networks = networksOf(spec) })
	return nil
}

func (s *Server) rebuildInstance(c *call) (any, error) {
	i, err := s.ready(c)
	if err != nil {
		return nil, err
	}
	if err := s.unlocked(i, lockWhole, lockParts); err != nil {
		return nil, err
	}
	var d deployment
	if err := c.decode(&d); err != nil {
		return nil, err
	}
	if d.Image == "" {
		return nil, invalid("image", "image is required")
	}
	if err := s.checkDeployment(&d); err != nil {
		return nil, err
	}
	var faces []*bootInterface
	if config := i.config(i.BootedConfig); config != nil {
		faces = config.Interfaces
	}
	i.Image, i.AuthorizedKeys = d.Image, d.AuthorizedKeys
	if d.Metadata.UserData != "" {
		i.UserData = d.Metadata.UserData
	}
	s.deploy(i, nil, faces)
	s.keepVolumes(i)
	i.Status, i.Updated = "rebuilding", s.timestamp()
	s.queueRebuild(i, d)
	return s.view(i), nil
}

func (s *Server) queueRebuild(i *instance, d deployment) {
	spec, build := s.spec(i, d.RootPassword), s.options.Backend.RebuildMachine
	if !i.Made {
		build = s.options.Backend.CreateMachine
	}
	boot := d.Booted == nil || *d.Booted
	rebuilt := s.post("linode_rebuild", "scheduled", i.entity())
	var booted *event
	if boot {
		booted = s.post("linode_boot", "scheduled", i.entity())
	}
	s.run(task{
		object: i.object(), event: rebuilt,
		do: func(ctx context.Context) error { return build(ctx, spec) },
		after: func(err error) {
			i.Made = err == nil
			i.Networks = networksOf(spec)
			next := "offline"
			if boot {
				next = "booting"
			}
			i.settle(err, next, "offline")
		},
	})
	if boot {
		s.queueBoot(i, booted)
	}
}

func (s *Server) deleteInstance(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	if i.Status == "deleting" {
		return none{}, nil
	}
	if err := s.unlocked(i, lockWhole, lockParts); err != nil {
		return nil, err
	}
	s.forget(i)
	s.queueDelete(i)
	return none{}, nil
}

// forget removes the instance from everything that refers to it, at once:
// NodeBalancer nodes with its private address vanish, as at Linode.
func (s *Server) forget(i *instance) {
	i.Status = "deleting"
	i.GroupID = 0
	s.detachEverywhere("linode", i.ID)
	s.dropNodesOf(i.privateIPv4())
}

func (s *Server) queueDelete(i *instance) {
	s.run(task{
		object: i.object(), event: s.post("linode_delete", "scheduled", i.entity()),
		do: func(ctx context.Context) error {
			if err := s.options.Backend.DeleteMachine(ctx, i.ID); err != nil {
				return err
			}
			return s.freeVolumes(ctx, i)
		},
		after: func(err error) {
			if err != nil {
				i.Status = "offline"
				return
			}
			for _, v := range s.attachedTo(i) {
				s.detached(v)
			}
			delete(s.state.Instances, i.ID)
		},
	})
}

// resume ends what an earlier server could not: interrupted events fail,
// machines in between are stopped by name, deletions and balancers go on.
func (s *Server) resume() {
	for _, e := range s.state.Events {
		if e.Status == "scheduled" || e.Status == "started" {
			e.end(0, errors.New("interrupted: the lab was stopped"))
		}
	}
	for _, i := range sorted(s.state.Instances) {
		switch {
		case i.Status == "deleting":
			s.queueDelete(i)
		case i.busy():
			i.Status = "offline"
		}
	}
	for _, v := range sorted(s.state.Volumes) {
		s.resumeVolume(v)
	}
	for id := range s.state.Balancers {
		s.scheduleApply(id)
	}
}
