package api

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/cloudinit"
)

type instanceRequest struct {
	Region   string   `json:"region"`
	Type     string   `json:"type"`
	Label    string   `json:"label"`
	Group    string   `json:"group"`
	Tags     []string `json:"tags"`
	Private  bool     `json:"private_ip"`
	SwapSize *int     `json:"swap_size"`
	Firewall int      `json:"firewall_id"`
	Backups  bool     `json:"backups_enabled"`
	BackupID int      `json:"backup_id"`

	PlacementGroup struct {
		ID int `json:"id"`
	} `json:"placement_group"`
	Interfaces []interfaceRequest `json:"interfaces"`
	Generation string             `json:"interface_generation"`
	IPv4       []string           `json:"ipv4"`
	Policy     string             `json:"maintenance_policy"`
	deployment
}

// deployment is what creation and rebuild have in common.
type deployment struct {
	Image           string   `json:"image"`
	RootPassword    string   `json:"root_pass"`
	AuthorizedKeys  []string `json:"authorized_keys"`
	AuthorizedUsers []string `json:"authorized_users"`
	Booted          *bool    `json:"booted"`
	StackScript     int      `json:"stackscript_id"`
	Metadata        struct {
		UserData string `json:"user_data"`
	} `json:"metadata"`
}

var labelPattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?$`)

// checkLabel holds a label to Linode's rules: unique, no doubled separators.
func (s *Server) checkLabel(label string, id int) error {
	if !labelPattern.MatchString(label) || strings.Contains(label, "--") || strings.Contains(label, "__") || strings.Contains(label, "..") {
		return invalid("label", "Label must begin and end with a letter or number, and hold only letters, numbers, single hyphens, underscores and periods")
	}
	for _, other := range s.state.Instances {
		if other.ID != id && other.Label == label {
			return invalid("label", "Label must be unique among your linodes")
		}
	}
	return nil
}

// check refuses what the lab cannot deploy, and completes the keys by those of
// the named users.
func (s *Server) checkDeployment(d *deployment) error {
	if d.StackScript != 0 {
		return invalid("stackscript_id", "the lab runs no StackScripts; use metadata.user_data")
	}
	if _, err := cloudinit.Decode(d.Metadata.UserData); err != nil {
		return invalid("metadata.user_data", "%v", err)
	}
	if d.Image == "" {
		return nil
	}
	if _, err := findImage(d.Image); err != nil {
		return invalid("image", "image is not valid: the lab boots only %s", imageNames())
	}
	for _, user := range d.AuthorizedUsers {
		if user != s.state.Profile.Username {
			return invalid("authorized_users", "no user is named %s", user)
		}
		for _, key := range sorted(s.state.Keys) {
			d.AuthorizedKeys = append(d.AuthorizedKeys, key.SSHKey)
		}
	}
	for n, key := range d.AuthorizedKeys {
		d.AuthorizedKeys[n] = strings.TrimSpace(key)
		if checkPublicKey(d.AuthorizedKeys[n]) != nil {
			return invalid("authorized_keys", "SSH Key %d must be a public key on one line", n+1)
		}
	}
	if d.RootPassword == "" && len(d.AuthorizedKeys) == 0 {
		return invalid("root_pass", "root_pass or authorized_keys is required to deploy an image")
	}
	return nil
}

func (s *Server) checkInstance(r *instanceRequest) error {
	if err := checkRegion(r.Region); err != nil {
		return err
	}
	if _, err := findPlan(r.Type); err != nil {
		return invalid("type", "A valid plan type by that ID was not found")
	}
	if r.Label != "" {
		if err := s.checkLabel(r.Label, 0); err != nil {
			return err
		}
	}
	if r.Generation == "linode" {
		return invalid("interface_generation", "the lab has only legacy_config interfaces")
	}
	if r.BackupID != 0 {
		return invalid("backup_id", "the lab keeps no backups")
	}
	if len(r.IPv4) > 0 {
		return invalid("ipv4", "the lab has no reserved addresses")
	}
	if r.Firewall != 0 {
		if _, err := find(s.state.Firewalls, r.Firewall); err != nil {
			return invalid("firewall_id", "firewall_id is not valid")
		}
	}
	if r.PlacementGroup.ID != 0 {
		if err := s.checkGroup(r.PlacementGroup.ID, r.Region, 1); err != nil {
			return err
		}
	}
	if len(r.Interfaces) > 0 && r.Image == "" {
		return invalid("interfaces", "interfaces need an image whose configuration they belong to")
	}
	return s.checkDeployment(&r.deployment)
}

func (s *Server) createInstance(c *call) (any, error) {
	var r instanceRequest
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if err := s.checkInstance(&r); err != nil {
		return nil, err
	}
	i, err := s.newInstance(&r)
	if err != nil {
		return nil, err
	}
	s.state.Instances[i.ID] = i
	for _, tag := range i.Tags {
		s.rememberTag(tag)
	}
	if r.Firewall != 0 {
		s.attach(s.state.Firewalls[r.Firewall], "linode", i.ID)
	}
	created := s.post("linode_create", "scheduled", i.entity())
	s.queueCreate(i, created, r.RootPassword, r.Image != "" && (r.Booted == nil || *r.Booted))
	return s.view(i), nil
}

func (s *Server) newInstance(r *instanceRequest) (*instance, error) {
	// everything that can be refused comes before identifiers are taken
	faces, err := s.newInterfaces(r.Interfaces)
	if err != nil {
		return nil, err
	}
	i := &instance{
		ID: s.state.nextID("linode"), Label: r.Label, Group: r.Group, Region: r.Region, Type: r.Type, Image: r.Image,
		Status: "provisioning", Tags: r.Tags, Backups: r.Backups, Watchdog: true, Policy: r.Policy, GroupID: r.PlacementGroup.ID,
		UserData: r.Metadata.UserData, AuthorizedKeys: r.AuthorizedKeys,
		Alerts:  instanceAlerts{CPU: 90, IO: 10000, NetworkIn: 10, NetworkOut: 10, TransferQuota: 80},
		Created: s.timestamp(), Updated: s.timestamp(),
	}
	if i.Label == "" {
		i.Label = fmt.Sprintf("linode%d", i.ID)
	}
	if i.Policy == "" {
		i.Policy = "linode/migrate"
	}
	public, err := s.allocatePublic()
	if err != nil {
		return nil, err
	}
	i.IPv4 = []string{public}
	if r.Private {
		private, err := s.allocatePrivate()
		if err != nil {
			return nil, err
		}
		i.IPv4 = append(i.IPv4, private)
	}
	for _, face := range faces {
		face.nat(public)
	}
	if r.Image != "" {
		s.deploy(i, r.SwapSize, faces)
	}
	return i, nil
}

// deploy gives an instance the disks and the configuration that deploying an
// image leaves behind at Linode.
func (s *Server) deploy(i *instance, swap *int, faces []*bootInterface) {
	p, _ := findPlan(i.Type)
	img, _ := findImage(i.Image)
	swapSize := 512
	if swap != nil {
		swapSize = *swap
	}
	root := s.newDisk(img.Label+" Disk", "ext4", p.Disk-swapSize)
	i.Disks = []*disk{root}
	devices := map[string]*device{"sda": {DiskID: root.ID}}
	if swapSize > 0 {
		sw := s.newDisk(fmt.Sprintf("%d MB Swap Image", swapSize), "swap", swapSize)
		i.Disks = append(i.Disks, sw)
		devices["sdb"] = &device{DiskID: sw.ID}
	}
	config := s.newConfig("My "+img.Label+" Disk Profile", devices, faces)
	i.Configs = []*bootConfig{config}
	i.BootedConfig = config.ID
}

func (s *Server) queueCreate(i *instance, created *event, password string, boot bool) {
	deploy := i.Image != ""
	spec := s.spec(i, password)
	var booted *event
	if boot {
		booted = s.post("linode_boot", "scheduled", i.entity())
	}
	s.run(task{
		object: i.object(), event: created,
		do: func(ctx context.Context) error {
			if !deploy {
				return nil
			}
			return s.options.Backend.CreateMachine(ctx, spec)
		},
		after: func(err error) {
			if i.Status == "deleting" {
				return
			}
			i.Made = err == nil && deploy
			i.Networks = networksOf(spec)
			i.Status = "offline"
			if boot && err == nil {
				i.Status = "booting"
			}
		},
	})
	if boot {
		s.queueBoot(i, booted)
	}
}
