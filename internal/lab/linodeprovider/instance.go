package linodeprovider

import (
	"context"
	"crypto/rand"
	"crypto/sha3"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/linode/linodego"
)

const (
	instanceCreateLimit = 15 * time.Minute
	instanceUpdateLimit = time.Hour
	instanceDeleteLimit = 10 * time.Minute
)

func instanceResource() resource {
	return resource{
		behavior: behavior{
			legacy: true,
			defaults: map[string]any{
				"type": "g6-standard-1", "resize_disk": false, "migration_type": "cold",
				"watchdog_enabled": true, "tags": []any{}, "interface.primary": false,
			},
			replace: []string{
				"region", "image", "backup_id", "stackscript_id", "stackscript_data", "ipv4", "authorized_keys",
				"authorized_users", "firewall_id", "metadata", "network_helper", "interface_generation", "disk_encryption",
			},
			computedBlocks: []string{"alerts", "config", "disk", "interface.ipv4", "interface.ipv6", "interface.ipv6.range", "interface.ipv6.slaac"},
			adjust:         adjustInstance,
		},
		create: createInstance, read: readInstance, update: updateInstance, delete: deleteInstance,
		importID: plainID,
	}
}

// adjustInstance holds two rules of the real resource: the state has a hash
// of the root password, and a placement group that is managed elsewhere is
// never a difference.
func adjustInstance(config, prior, planned object) {
	if config.has("root_pass") {
		planned["root_pass"] = passwordHash(config.str("root_pass"))
	}
	if config.boolean("placement_group_externally_managed") && prior != nil {
		planned["placement_group"] = prior["placement_group"]
	}
}

func passwordHash(password string) string {
	sum := sha3.Sum512([]byte(password))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// timeLimit reads a limit of the timeouts block.
func timeLimit(o object, verb string, fallback time.Duration) (time.Duration, error) {
	limits, _ := o["timeouts"].(object)
	if !limits.has(verb) {
		return fallback, nil
	}
	limit, err := time.ParseDuration(limits.str(verb))
	if err != nil {
		return 0, fmt.Errorf("cannot read timeouts.%s: %w", verb, err)
	}
	return limit, nil
}

func createInstance(ctx context.Context, s *session, c change) (object, error) {
	if len(c.config.objects("disk")) > 0 || len(c.config.objects("config")) > 0 {
		return nil, errors.New("the lab's stand-in does not implement the disk and config blocks of linode_instance")
	}
	limit, err := timeLimit(c.config, "create", instanceCreateLimit)
	if err != nil {
		return nil, err
	}
	options, err := instanceCreateOptions(c)
	if err != nil {
		return nil, err
	}
	instance, err := s.CreateInstance(ctx, options)
	if err != nil {
		return nil, err
	}
	recorded := c.planned.with(object{"id": strconv.Itoa(instance.ID)})
	if err := s.finishInstance(ctx, instance.ID, c, limit); err != nil {
		return recorded, err
	}
	state, err := readInstance(ctx, s, recorded)
	if err != nil {
		return recorded, err
	}
	return state, nil
}

func instanceCreateOptions(c change) (linodego.InstanceCreateOptions, error) {
	p := c.planned
	password, err := rootPassword(c.config)
	if err != nil {
		return linodego.InstanceCreateOptions{}, err
	}
	options := linodego.InstanceCreateOptions{
		Region: p.str("region"), Type: p.str("type"), Label: p.str("label"), Group: p.str("group"),
		Image: p.str("image"), RootPass: password,
		AuthorizedKeys: p.strings("authorized_keys"), AuthorizedUsers: p.strings("authorized_users"),
		PrivateIP: p.boolean("private_ip"), BackupsEnabled: p.boolean("backups_enabled"), BackupID: p.integer("backup_id"),
		Tags: p.strings("tags"), IPv4: p.strings("ipv4"), FirewallID: p.integer("firewall_id"),
		StackScriptID: p.integer("stackscript_id"), StackScriptData: stackScriptData(p),
		Interfaces: interfaceOptions(p), SwapSize: optional(p, "swap_size", p.integer),
		Booted: optional(c.config, "booted", c.config.boolean), NetworkHelper: optional(p, "network_helper", p.boolean),
		DiskEncryption:      linodego.InstanceDiskEncryption(p.str("disk_encryption")),
		InterfaceGeneration: linodego.InterfaceGeneration(p.str("interface_generation")),
		MaintenancePolicy:   optional(p, "maintenance_policy", p.str),
	}
	if metadata, ok := p.first("metadata"); ok {
		options.Metadata = &linodego.InstanceMetadataOptions{UserData: metadata.str("user_data")}
	}
	if group, ok := p.first("placement_group"); ok && !p.boolean("placement_group_externally_managed") {
		options.PlacementGroup = &linodego.InstanceCreatePlacementGroupOptions{
			ID: group.integer("id"), CompliantOnly: optional(group, "compliant_only", group.boolean),
		}
	}
	return options, nil
}

// rootPassword makes up a password when the user has none: the API wants one
// with every image.
func rootPassword(config object) (string, error) {
	if config.has("root_pass") || !config.has("image") {
		return config.str("root_pass"), nil
	}
	random := make([]byte, 48)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("cannot make up a root password: %w", err)
	}
	return "aA1-" + base64.RawURLEncoding.EncodeToString(random), nil
}

func stackScriptData(p object) map[string]string {
	in, ok := p["stackscript_data"].(object)
	if !ok {
		return nil
	}
	out := map[string]string{}
	for name := range in {
		out[name] = in.str(name)
	}
	return out
}

// finishInstance does what the creation call cannot and waits for the power
// state that the configuration leads to.
func (s *session) finishInstance(ctx context.Context, id int, c change, limit time.Duration) error {
	update := linodego.InstanceUpdateOptions{Alerts: alertOptions(c.planned)}
	if !c.planned.boolean("watchdog_enabled") {
		update.WatchdogEnabled = linodego.Pointer(false)
	}
	if update.Alerts != nil || update.WatchdogEnabled != nil {
		if _, err := s.UpdateInstance(ctx, id, update); err != nil {
			return err
		}
	}
	if shared := c.planned.strings("shared_ipv4"); len(shared) > 0 {
		if err := s.ShareIPAddresses(ctx, linodego.IPAddressesShareOptions{IPs: shared, LinodeID: id}); err != nil {
			return err
		}
	}
	if s.skipReadyPoll {
		return nil
	}
	wanted := linodego.InstanceRunning
	if !c.config.has("image") || (c.config.has("booted") && !c.config.boolean("booted")) {
		wanted = linodego.InstanceOffline
	}
	return s.waitForStatus(ctx, id, wanted, limit)
}

func alertOptions(p object) *linodego.InstanceAlert {
	alerts, ok := p.first("alerts")
	if !ok {
		return nil
	}
	return &linodego.InstanceAlert{
		CPU: alerts.integer("cpu"), IO: alerts.integer("io"), NetworkIn: alerts.integer("network_in"),
		NetworkOut: alerts.integer("network_out"), TransferQuota: alerts.integer("transfer_quota"),
	}
}

func (s *session) waitForStatus(ctx context.Context, id int, wanted linodego.InstanceStatus, limit time.Duration) error {
	return s.until(ctx, limit, func(ctx context.Context) (bool, string, error) {
		instance, err := s.GetInstance(ctx, id)
		if err != nil {
			return false, "", err
		}
		return instance.Status == wanted, fmt.Sprintf("instance %d is %s, not %s", id, instance.Status, wanted), nil
	})
}

func deleteInstance(ctx context.Context, s *session, state object) error {
	id, err := state.numericID()
	if err != nil {
		return err
	}
	limit, err := timeLimit(state, "delete", instanceDeleteLimit)
	if err != nil {
		return err
	}
	if err := s.DeleteInstance(ctx, id); err != nil || s.skipDeletePoll {
		return err
	}
	return s.until(ctx, limit, func(ctx context.Context) (bool, string, error) {
		_, err := s.GetInstance(ctx, id)
		if gone(err) {
			return true, "", nil
		}
		return false, fmt.Sprintf("instance %d is still there", id), err
	})
}
