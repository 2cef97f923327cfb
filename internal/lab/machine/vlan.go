package machine

import (
	"context"
	"fmt"
	"net/netip"
)

// A VLAN is a network of the engine whose own subnet no machine ever uses: at
// boot, a machine replaces the engine's address on the interface by its own.
// So two VLANs may use the same addresses, a machine may have none, any router
// address is free, and the host gets no route into the users' networks. It is
// not "--internal", because the engine would then filter by subnet, also
// between machines, on hosts where bridges pass iptables.

// ensureVLAN returns the subnet of the engine's network for a VLAN, after
// making the network where it does not exist.
func (r *Region) ensureVLAN(ctx context.Context, label string) (netip.Prefix, error) {
	r.networks.Lock()
	defer r.networks.Unlock()
	existing, err := r.docker.Run(ctx, "network", "ls", "--quiet", "--filter", r.filter(),
		"--filter", "label="+vlanOfLabel+"="+label)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("cannot look for VLAN %s: %w", label, err)
	}
	if existing != "" {
		return r.subnetOf(ctx, existing)
	}
	subnet, err := r.createNetwork(ctx, r.config.VLANPool, netip.Prefix{}, func(netip.Prefix) []string {
		args := []string{"--opt", "com.docker.network.bridge.enable_ip_masquerade=false", "--label", vlanOfLabel + "=" + label}
		return append(append(args, r.owned(kindVLAN)...), r.vlanName(label))
	})
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("cannot make VLAN %s: %w", label, err)
	}
	return subnet, nil
}

// networkAttempts bounds how often a subnet is chosen again that the engine
// has refused: another process may have taken it, or the host's own networks
// overlap with it, of which the engine does not tell.
const networkAttempts = 8

// createNetwork makes a network of the engine with the wanted subnet, or with
// a free one of a pool where none is wanted.
func (r *Region) createNetwork(ctx context.Context, pool, wanted netip.Prefix, rest func(netip.Prefix) []string) (netip.Prefix, error) {
	used, err := r.usedSubnets(ctx)
	if err != nil {
		return netip.Prefix{}, err
	}
	for attempt := 1; ; attempt++ {
		subnet := wanted
		if !wanted.IsValid() {
			if subnet, err = freeSubnet(pool, used); err != nil {
				return netip.Prefix{}, err
			}
		}
		args := append([]string{"network", "create", "--subnet", subnet.String()}, rest(subnet)...)
		_, err := r.docker.Run(ctx, args...)
		if err == nil || wanted.IsValid() || attempt == networkAttempts || ctx.Err() != nil {
			return subnet, err
		}
		used = append(used, subnet)
	}
}

func (r *Region) subnetOf(ctx context.Context, network string) (netip.Prefix, error) {
	text, err := r.docker.Run(ctx, "network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", network)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("cannot inspect network %s: %w", network, err)
	}
	return netip.ParsePrefix(text)
}

func (r *Region) usedSubnets(ctx context.Context) ([]netip.Prefix, error) {
	networks, err := r.docker.Names(ctx, "network", "ls", "--quiet")
	if err != nil {
		return nil, fmt.Errorf("cannot list the engine's networks: %w", err)
	}
	subnets, err := r.docker.Names(ctx, append([]string{"network", "inspect",
		"--format", "{{range .IPAM.Config}}{{.Subnet}} {{end}}"}, networks...)...)
	if err != nil {
		return nil, fmt.Errorf("cannot inspect the engine's networks: %w", err)
	}
	var used []netip.Prefix
	for _, text := range subnets {
		subnet, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("cannot read a subnet of the engine: %w", err)
		}
		used = append(used, subnet)
	}
	return used, nil
}

// removeUnusedVLANs removes the networks that no machine is attached to, as a
// VLAN ceases to exist with its last interface.
func (r *Region) removeUnusedVLANs(ctx context.Context) error {
	r.networks.Lock()
	defer r.networks.Unlock()
	networks, err := r.docker.Names(ctx, "network", "ls", "--format", "{{.Name}}", "--filter", r.filter(),
		"--filter", "label="+kindLabel+"="+kindVLAN)
	if err != nil {
		return fmt.Errorf("cannot list the VLANs: %w", err)
	}
	for _, network := range networks {
		attached, err := r.docker.Run(ctx, "ps", "--all", "--quiet", "--filter", "network="+network)
		if err != nil {
			return fmt.Errorf("cannot list the machines of %s: %w", network, err)
		}
		if attached != "" {
			continue
		}
		if _, err := r.docker.Run(ctx, "network", "rm", network); err != nil {
			return fmt.Errorf("cannot remove %s: %w", network, err)
		}
	}
	return nil
}
