package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
)

// Linode's networks for private addresses; NodeBalancers reach their backends
// from the last of it.
// https://techdocs.akamai.com/cloud-computing/docs/managing-ip-addresses-on-a-compute-instance
var (
	privateNetwork  = netip.MustParsePrefix("192.168.128.0/17")
	balancerSources = netip.MustParsePrefix("192.168.255.0/24")
	publicPool      = netip.MustParsePrefix("172.29.0.0/16")
)

// Config is what a region is made with.
type Config struct {
	// Name tells this lab from others on the same engine.
	Name string
	// Images are what [image.Ensure] returned: of balancers, and of machines whose
	// specification names none.
	Images image.Images
	// Subnet holds the public addresses; its first address is the host's. The
	// zero value takes the lab's own where it has one already, else a /24 in
	// 172.29.0.0/16 that no other network of the engine overlaps with.
	Subnet netip.Prefix
	// VLANPool holds the addresses that the engine wants for VLANs and that no
	// machine ever shows; the zero value is 172.30.0.0/16.
	VLANPool netip.Prefix
	// DNS are the name servers of new machines. Without any, names that are
	// not in /etc/hosts fail at once.
	DNS []string
	// Disks are the disks of machines whose specification names none.
	Disks []Disk
	// Volumes lets machines have Block Storage volumes, and with them use the
	// host's loop devices.
	Volumes bool
	// MemoryMiB is the memory of machines whose specification names none; 0 is all of
	// the host's.
	MemoryMiB int
	// Parallel is how many machines may be made or booted at a time; 0 is 4.
	Parallel int
}

// Region is the machines, balancers and networks of one lab.
type Region struct {
	docker docker.CLI
	config Config
	engine engine
	// slots bounds what is made or booted at the same time.
	slots chan struct{}
	// networks serializes the choice of subnets and addresses.
	networks sync.Mutex
	// reserved are addresses that were given out and may not be in use yet.
	reserved map[string]bool
	// balancers serializes changes of the same balancer.
	balancers keyedMutex
}

// Up returns the region of a configuration after making its public network
// where that does not exist yet.
func Up(ctx context.Context, client docker.CLI, config Config) (*Region, error) {
	if config.Name == "" || !hostName.MatchString(config.Name) {
		return nil, fmt.Errorf("cannot make a lab named %q: use letters, digits and hyphens", config.Name)
	}
	if !config.VLANPool.IsValid() {
		config.VLANPool = netip.MustParsePrefix("172.30.0.0/16")
	}
	if config.Parallel == 0 {
		config.Parallel = 4
	}
	r := &Region{
		docker: client, config: config,
		slots:    make(chan struct{}, config.Parallel),
		reserved: map[string]bool{},
	}
	var err error
	if r.engine, err = r.readEngine(ctx); err != nil {
		return nil, err
	}
	return r, r.ensurePublic(ctx)
}

// Subnet holds the public addresses.
func (r *Region) Subnet() netip.Prefix { return r.config.Subnet }

// Gateway is the host's address in the public network.
func (r *Region) Gateway() netip.Addr { return r.config.Subnet.Masked().Addr().Next() }

func (r *Region) ensurePublic(ctx context.Context) error {
	existing, err := r.docker.Run(ctx, "network", "ls", "--quiet", "--filter", r.filter(),
		"--filter", "label="+kindLabel+"="+kindPublic)
	if err != nil {
		return fmt.Errorf("cannot look for the public network: %w", err)
	}
	pool := r.config.Subnet
	switch {
	case existing != "" && pool.IsValid():
		return nil
	case existing != "":
		r.config.Subnet, err = r.subnetOf(ctx, existing)
		return err
	case !pool.IsValid():
		pool = publicPool
	}
	r.config.Subnet, err = r.createNetwork(ctx, pool, r.config.Subnet, func(subnet netip.Prefix) []string {
		gateway := subnet.Masked().Addr().Next().String()
		return append(append([]string{"--gateway", gateway}, r.owned(kindPublic)...), r.publicName())
	})
	if err != nil {
		return fmt.Errorf("cannot make the public network: %w", err)
	}
	return nil
}

// Resource is something of a lab in the engine.
type Resource struct {
	// Lab is the name of the lab that it belongs to.
	Lab string
	// Kind is machine, balancer, public, vlan, volume or block, a Block Storage
	// volume.
	Kind string
	// Name is its name in the engine.
	Name string
	// ID is a machine's or balancer's number, else empty.
	ID string
	// Label is a machine's label, else empty.
	Label string
	// PublicIPv4 is a machine's or balancer's public address, else empty.
	PublicIPv4 string
	// PrivateIPv4 is a machine's or balancer's private address, else empty.
	PrivateIPv4 string
	// State is a container's state as the engine names it (running, exited,
	// paused, created), else empty.
	State string
}

// List returns everything that this lab has in the engine.
func (r *Region) List(ctx context.Context) ([]Resource, error) {
	return List(ctx, r.docker, r.config.Name)
}

// List returns everything that a lab has in the engine, or that any lab has
// where no name is given. It finds what a crashed run has left.
func List(ctx context.Context, client docker.CLI, lab string) ([]Resource, error) {
	filter := "label=" + labLabel
	if lab != "" {
		filter += "=" + lab
	}
	containers, err := listContainers(ctx, client, filter)
	if err != nil {
		return nil, err
	}
	others := make([]Resource, 0, 8)
	for _, kind := range []string{"network", "volume"} {
		names, err := client.Names(ctx, kind, "ls", "--filter", filter, "--format", "{{.Name}}")
		if err != nil {
			return nil, fmt.Errorf("cannot list the lab's %ss: %w", kind, err)
		}
		for _, name := range names {
			labels, err := client.Run(ctx, kind, "inspect", "--format", "{{json .Labels}}", name)
			if err != nil {
				return nil, fmt.Errorf("cannot inspect the lab's %s %s: %w", kind, name, err)
			}
			var values map[string]string
			if err := json.Unmarshal([]byte(labels), &values); err != nil {
				return nil, fmt.Errorf("cannot read the labels of %s: %w", name, err)
			}
			others = append(others, Resource{Lab: values[labLabel], Kind: values[kindLabel], Name: name})
		}
	}
	return append(containers, others...), nil
}

func listContainers(ctx context.Context, client docker.CLI, filters ...string) ([]Resource, error) {
	args := []string{"ps", "--all", "--quiet", "--no-trunc"}
	for _, filter := range filters {
		args = append(args, "--filter", filter)
	}
	ids, err := client.Names(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("cannot list the lab's containers: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := client.Run(ctx, append([]string{"container", "inspect"}, ids...)...)
	var failed *docker.Error
	// A container that went away in between is an error of the client, which
	// has printed the others nevertheless.
	if err != nil && (!errors.As(err, &failed) || out == "") {
		return nil, fmt.Errorf("cannot inspect the lab's containers: %w", err)
	}
	return parseContainers([]byte(out))
}

func parseContainers(inspected []byte) ([]Resource, error) {
	var containers []struct {
		Name   string
		State  struct{ Status string }
		Config struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(inspected, &containers); err != nil {
		return nil, fmt.Errorf("cannot read the engine's containers: %w", err)
	}
	found := make([]Resource, 0, len(containers))
	for _, container := range containers {
		labels := container.Config.Labels
		found = append(found, Resource{
			Lab: labels[labLabel], Kind: labels[kindLabel], Name: container.Name[1:],
			ID: labels[idLabel], Label: labels[nameLabel],
			PublicIPv4: labels[publicLabel], PrivateIPv4: labels[privateLabel],
			State: container.State.Status,
		})
	}
	slices.SortFunc(found, func(a, b Resource) int { return compareNatural(a.Name, b.Name) })
	return found, nil
}

// Down removes this lab's containers, volumes and networks and nothing else.
func (r *Region) Down(ctx context.Context) error { return Down(ctx, r.docker, r.config.Name) }

// Down removes a lab's containers, volumes and networks and nothing else.
func Down(ctx context.Context, client docker.CLI, lab string) error {
	if lab == "" {
		return errors.New("cannot take a lab down without its name")
	}
	var failed []error
	for _, step := range []struct {
		list   []string
		remove func(names []string) error
	}{
		{[]string{"ps", "--all", "--quiet"}, func(names []string) error {
			_, err := client.Run(ctx, append([]string{"rm", "--force", "--volumes"}, names...)...)
			return err
		}},
		{[]string{"volume", "ls", "--quiet", "--filter", "label=" + kindLabel + "=" + kindBlock},
			func(names []string) error { return removeBlockVolumes(ctx, client, names) }},
		{[]string{"volume", "ls", "--quiet"}, func(names []string) error { return removeVolumes(ctx, client, names...) }},
		{[]string{"network", "ls", "--quiet"}, func(names []string) error {
			_, err := client.Run(ctx, append([]string{"network", "rm"}, names...)...)
			return err
		}},
	} {
		names, err := client.Names(ctx, append(step.list, "--filter", "label="+labLabel+"="+lab)...)
		if err == nil && len(names) > 0 {
			err = step.remove(names)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("cannot take lab %s down: %w", lab, err))
		}
	}
	return errors.Join(failed...)
}
