package linodeprovider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/linode/linodego"
)

// updateInstance makes the changes that need no power cycle first, then the
// ones that do, in one cycle.
func updateInstance(ctx context.Context, s *session, c change) (object, error) {
	id, err := c.prior.numericID()
	if err != nil {
		return nil, err
	}
	limit, err := timeLimit(c.config, "update", instanceUpdateLimit)
	if err != nil {
		return nil, err
	}
	steps := []func(context.Context, int, change) error{s.refuseBlocks, s.updateAttributes, s.movePlacement, s.switchBackups, s.shareAddresses}
	for _, step := range steps {
		if err := step(ctx, id, c); err != nil {
			return nil, err
		}
	}
	if err := s.updateWithPowerCycle(ctx, id, c, limit); err != nil {
		return nil, err
	}
	if err := s.switchPower(ctx, id, c, limit); err != nil {
		return nil, err
	}
	return readInstance(ctx, s, c.planned.with(object{"id": c.prior["id"]}))
}

func (s *session) refuseBlocks(_ context.Context, _ int, c change) error {
	if len(c.config.objects("disk")) > 0 || len(c.config.objects("config")) > 0 {
		return errors.New("the lab's stand-in does not implement the disk and config blocks of linode_instance")
	}
	return nil
}

func (s *session) updateAttributes(ctx context.Context, id int, c change) error {
	options, differs := linodego.InstanceUpdateOptions{}, false
	set := func(name string, apply func()) {
		if changed(name, c.prior, c.planned) {
			apply()
			differs = true
		}
	}
	p := c.planned
	set("label", func() { options.Label = p.str("label") })
	set("group", func() { options.Group = linodego.Pointer(p.str("group")) })
	set("tags", func() { options.Tags = linodego.Pointer(p.strings("tags")) })
	set("watchdog_enabled", func() { options.WatchdogEnabled = linodego.Pointer(p.boolean("watchdog_enabled")) })
	set("maintenance_policy", func() { options.MaintenancePolicy = linodego.Pointer(p.str("maintenance_policy")) })
	set("alerts", func() { options.Alerts = alertOptions(p) })
	if !differs {
		return nil
	}
	_, err := s.UpdateInstance(ctx, id, options)
	return err
}

func (s *session) movePlacement(ctx context.Context, id int, c change) error {
	from, hadGroup := c.prior.first("placement_group")
	to, hasGroup := c.planned.first("placement_group")
	if from.integer("id") == to.integer("id") {
		return nil
	}
	if hadGroup {
		_, err := s.UnassignPlacementGroupLinodes(ctx, from.integer("id"), linodego.PlacementGroupUnAssignOptions{Linodes: []int{id}})
		if err != nil && !gone(err) {
			return err
		}
	}
	if !hasGroup {
		return nil
	}
	_, err := s.AssignPlacementGroupLinodes(ctx, to.integer("id"), linodego.PlacementGroupAssignOptions{
		Linodes: []int{id}, CompliantOnly: optional(to, "compliant_only", to.boolean),
	})
	return err
}

func (s *session) switchBackups(ctx context.Context, id int, c change) error {
	switch {
	case !changed("backups_enabled", c.prior, c.planned):
		return nil
	case c.planned.boolean("backups_enabled"):
		return s.EnableInstanceBackups(ctx, id)
	}
	return s.CancelInstanceBackups(ctx, id)
}

func (s *session) shareAddresses(ctx context.Context, id int, c change) error {
	if !changed("shared_ipv4", c.prior, c.planned) {
		return nil
	}
	return s.ShareIPAddresses(ctx, linodego.IPAddressesShareOptions{IPs: c.planned.strings("shared_ipv4"), LinodeID: id})
}

// updateWithPowerCycle makes the changes that a machine only notices when it
// boots: type, root password, private address, interfaces.
func (s *session) updateWithPowerCycle(ctx context.Context, id int, c change, limit time.Duration) error {
	work := s.offlineWork(c, limit)
	if len(work) == 0 {
		return nil
	}
	instance, err := s.GetInstance(ctx, id)
	if err != nil {
		return err
	}
	running := instance.Status != linodego.InstanceOffline
	if running {
		if s.skipImplicitBoot {
			return fmt.Errorf("instance %d must be powered off for this change, and skip_implicit_reboots is set", id)
		}
		if err := s.powerOff(ctx, id, limit); err != nil {
			return err
		}
	}
	for _, step := range work {
		if err := step(ctx, id); err != nil {
			return err
		}
	}
	if err := s.waitForStatus(ctx, id, linodego.InstanceOffline, limit); err != nil {
		return err
	}
	if !running || (c.config.has("booted") && !c.config.boolean("booted")) {
		return nil
	}
	return s.powerOn(ctx, id, limit)
}

func (s *session) offlineWork(c change, limit time.Duration) []func(context.Context, int) error {
	var work []func(context.Context, int) error
	if changed("type", c.prior, c.planned) {
		work = append(work, func(ctx context.Context, id int) error { return s.resize(ctx, id, c, limit) })
	}
	if changed("root_pass", c.prior, c.planned) && c.config.has("root_pass") {
		work = append(work, func(ctx context.Context, id int) error {
			return s.ResetInstancePassword(ctx, id, linodego.InstancePasswordResetOptions{RootPass: c.config.str("root_pass")})
		})
	}
	if changed("private_ip", c.prior, c.planned) {
		work = append(work, func(ctx context.Context, id int) error { return s.addPrivateAddress(ctx, id, c) })
	}
	if changed("interface", c.prior, c.planned) {
		work = append(work, func(ctx context.Context, id int) error { return s.updateInterfaces(ctx, id, c) })
	}
	return work
}

// resize waits for the new type itself: the status alone is still "offline"
// before the API starts to work on it.
func (s *session) resize(ctx context.Context, id int, c change, limit time.Duration) error {
	wanted := c.planned.str("type")
	err := s.ResizeInstance(ctx, id, linodego.InstanceResizeOptions{
		Type: wanted, MigrationType: linodego.InstanceMigrationType(c.planned.str("migration_type")),
		AllowAutoDiskResize: linodego.Pointer(c.planned.boolean("resize_disk")),
	})
	if err != nil {
		return err
	}
	return s.until(ctx, limit, func(ctx context.Context) (bool, string, error) {
		instance, err := s.GetInstance(ctx, id)
		if err != nil {
			return false, "", err
		}
		return instance.Type == wanted, fmt.Sprintf("instance %d is of type %s, not %s", id, instance.Type, wanted), nil
	})
}

func (s *session) addPrivateAddress(ctx context.Context, id int, c change) error {
	if !c.planned.boolean("private_ip") {
		return errors.New("a private address cannot be taken from an instance: Linode does that on a support ticket only")
	}
	_, err := s.AddInstanceIPAddress(ctx, id, false)
	return err
}

func (s *session) updateInterfaces(ctx context.Context, id int, c change) error {
	configs, err := s.ListInstanceConfigs(ctx, id, nil)
	if err != nil {
		return err
	}
	if len(configs) != 1 {
		return fmt.Errorf("instance %d has %d configuration profiles, the interface block needs exactly one", id, len(configs))
	}
	options := configs[0].GetUpdateOptions()
	options.Interfaces = interfaceOptions(c.planned)
	_, err = s.UpdateInstanceConfig(ctx, id, configs[0].ID, options)
	return err
}

// switchPower follows an explicit booted attribute.
func (s *session) switchPower(ctx context.Context, id int, c change, limit time.Duration) error {
	if !c.config.has("booted") {
		return nil
	}
	instance, err := s.GetInstance(ctx, id)
	if err != nil {
		return err
	}
	running := instance.Status != linodego.InstanceOffline
	switch {
	case c.config.boolean("booted") && !running:
		return s.powerOn(ctx, id, limit)
	case !c.config.boolean("booted") && running:
		return s.powerOff(ctx, id, limit)
	}
	return nil
}

func (s *session) powerOff(ctx context.Context, id int, limit time.Duration) error {
	if err := s.ShutdownInstance(ctx, id); err != nil {
		return err
	}
	return s.waitForStatus(ctx, id, linodego.InstanceOffline, limit)
}

// powerOn boots the last used configuration profile, which 0 stands for.
func (s *session) powerOn(ctx context.Context, id int, limit time.Duration) error {
	if err := s.BootInstance(ctx, id, 0); err != nil {
		return err
	}
	return s.waitForStatus(ctx, id, linodego.InstanceRunning, limit)
}
