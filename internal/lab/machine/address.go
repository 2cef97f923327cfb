package machine

import (
	"context"
	"fmt"
	"net/netip"
)

// The first addresses of a subnet are left to routers and to people.
const firstHost = 10

// FreePublicIPv4 returns an address of the public network that no machine and
// no balancer has, and keeps it from other callers of this process.
func (r *Region) FreePublicIPv4(ctx context.Context) (string, error) {
	return r.free(ctx, r.config.Subnet, netip.Prefix{})
}

// FreePrivateIPv4 returns a private address that no machine has, and keeps it
// from other callers of this process.
func (r *Region) FreePrivateIPv4(ctx context.Context) (string, error) {
	return r.free(ctx, privateNetwork, balancerSources)
}

func (r *Region) freeBalancerSource(ctx context.Context) (string, error) {
	return r.free(ctx, balancerSources, netip.Prefix{})
}

func (r *Region) free(ctx context.Context, from, except netip.Prefix) (string, error) {
	r.networks.Lock()
	defer r.networks.Unlock()
	containers, err := listContainers(ctx, r.docker, r.filter())
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	for _, container := range containers {
		taken[container.PublicIPv4] = true
		taken[container.PrivateIPv4] = true
	}
	address, err := firstFree(from, except, func(address string) bool {
		return taken[address] || r.reserved[address]
	})
	if err == nil {
		r.reserved[address] = true
	}
	return address, err
}

// Release gives an address back that was reserved and will not be used. Those
// of deleted machines are given back by the deletion.
func (r *Region) Release(addresses ...string) {
	r.networks.Lock()
	defer r.networks.Unlock()
	for _, address := range addresses {
		delete(r.reserved, address)
	}
}

// firstFree returns the first address of a network that is not taken, leaving
// out its lowest ones, its last one, and those of except.
func firstFree(from, except netip.Prefix, taken func(string) bool) (string, error) {
	address := from.Masked().Addr()
	for range firstHost {
		address = address.Next()
	}
	for ; from.Contains(address) && from.Contains(address.Next()); address = address.Next() {
		if except.IsValid() && except.Contains(address) {
			continue
		}
		if !taken(address.String()) {
			return address.String(), nil
		}
	}
	return "", fmt.Errorf("cannot find a free address in %s", from)
}

// freeSubnet returns the first /24 of a pool that overlaps with none in use.
func freeSubnet(pool netip.Prefix, used []netip.Prefix) (netip.Prefix, error) {
	const size = 24
	for address := pool.Masked().Addr(); pool.Contains(address); {
		candidate := netip.PrefixFrom(address, size)
		overlaps := false
		for _, other := range used {
			overlaps = overlaps || candidate.Overlaps(other)
		}
		if !overlaps {
			return candidate, nil
		}
		next := address.As4()
		for place := 2; place >= 0; place-- {
			next[place]++
			if next[place] != 0 {
				break
			}
		}
		address = netip.AddrFrom4(next)
	}
	return netip.Prefix{}, fmt.Errorf("cannot find a free subnet in %s", pool)
}
