package galera

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// everybody is every address.
func everybody() []netip.Prefix {
	return []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0)}
}

// clientNetworks are the networks from where clients connect: those that are listed, or
// else what the hosts of the users say. Hosts that no network can stand for are
// returned too; the port is open to everybody then.
func clientNetworks(spec Spec) (networks []netip.Prefix, open []userHost) {
	for _, client := range spec.Clients {
		if network, err := parseNetwork(client); err == nil {
			networks = append(networks, network)
		}
	}
	if len(spec.Clients) > 0 {
		return networks, nil
	}
	for _, declared := range hostsOfUsers(spec) {
		network, found := networkOf(declared.host)
		if !found {
			open = append(open, declared)
		} else if !network.Addr().IsLoopback() {
			networks = append(networks, network)
		}
	}
	if len(open) > 0 {
		networks = append(networks, everybody()...)
	}
	return networks, open
}

// userHost is one of the hosts of a user.
type userHost struct {
	user declaredUser
	host string
}

// hostsOfUsers are all hosts of all users, in order.
func hostsOfUsers(spec Spec) []userHost {
	var all []userHost
	for _, user := range usersOf(spec) {
		for _, host := range slices.Sorted(slices.Values(user.Hosts)) {
			all = append(all, userHost{user, host})
		}
	}
	return all
}

// networkOf returns a network in which all clients of an account's host are. It may
// be a larger one, since the server decides about the account. There is none for a
// name, and for a pattern without an octet before its first wildcard. Wildcards for
// IPv6 are compared with a text in which zeros are left out.
func networkOf(declared string) (netip.Prefix, bool) {
	declared = strings.ToLower(declared)
	if declared == "localhost" {
		return netip.MustParsePrefix("127.0.0.0/8"), true
	}
	if network, mask, isNetwork := strings.Cut(declared, "/"); isNetwork {
		address, err := netip.ParseAddr(network)
		bits, found := prefixLength(mask)
		if err != nil || !address.Is4() || !found || bits == 0 {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(address, bits).Masked(), true
	}
	if network, err := parseNetwork(declared); err == nil {
		return network, true
	}
	before, _, isPattern := cutAny(declared, "%_")
	octets := strings.Split(before, ".")
	octets = octets[:len(octets)-1] // the last one may go on behind the wildcard
	if !isPattern || len(octets) == 0 || len(octets) > 3 {
		return netip.Prefix{}, false
	}
	address, err := netip.ParseAddr(strings.Join(octets, ".") + strings.Repeat(".0", 4-len(octets)))
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, 8*len(octets)), true
}

// cutAny cuts at the first of some characters.
func cutAny(s, characters string) (before, after string, found bool) {
	i := strings.IndexAny(s, characters)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// parseNetwork reads an address or a network. A zone belongs to one machine.
func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

func validateClients(spec Spec, problems *tier.Problems) {
	for _, client := range slices.Sorted(slices.Values(spec.Clients)) {
		network, err := parseNetwork(client)
		switch {
		case err != nil:
			problems.Add(tier.At("clients"), "%q is not an address or a network such as 10.0.0.0/24", client)
		case network != network.Masked():
			problems.Add(tier.At("clients"), "%q has bits outside of its mask; the network is %s", client, network.Masked())
		}
	}
}

// addressWarnings are what the packet filter cannot do as narrowly as it might be
// meant, and addresses that anybody may reach.
func addressWarnings(spec Spec) tier.Problems {
	var warnings tier.Problems
	for _, node := range host.PublicNodes(spec.Nodes) {
		warnings.Add(tier.At("nodes", node.Name, "address"),
			"%s is not a private address: what the nodes send each other, and all data of a state transfer, passes there unencrypted; give the nodes addresses of a network of their own", node.Address)
	}
	if spec.Unfiltered {
		return warnings
	}
	clients, open := clientNetworks(spec)
	for _, declared := range open {
		warnings.Add(declared.user.at("hosts"),
			"no network can be read from the host %q, so that the packet filter lets everybody connect to TCP %s; list the networks of the clients in clients", declared.host, serverPort)
	}
	if len(spec.Clients) == 0 {
		return warnings
	}
	for _, declared := range hostsOfUsers(spec) {
		network, found := networkOf(declared.host)
		if found && !network.Addr().IsLoopback() && !letsIn(network, clients, spec.Nodes) {
			warnings.Add(declared.user.at("hosts"),
				"nobody at %q can connect, because clients has nothing of it", declared.host)
		}
	}
	return warnings
}

// letsIn reports whether any address of a network is among the clients or nodes.
func letsIn(network netip.Prefix, clients []netip.Prefix, nodes []host.Node) bool {
	isNode := func(node host.Node) bool {
		address, err := netip.ParseAddr(node.Address)
		return err == nil && network.Contains(address)
	}
	return slices.ContainsFunc(clients, network.Overlaps) || slices.ContainsFunc(nodes, isNode)
}
