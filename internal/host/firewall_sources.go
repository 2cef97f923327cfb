package host

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var firewallSourcesScript = shell.Embedded(scripts, "firewall-sources")

// AskFirewallSources asks what the owners of a tier's packet filters on a machine
// let in; [ParseFirewallSources] reads the answer.
func AskFirewallSources(name, tier string) shell.Part {
	return shell.Ask(name, firewallSourcesScript, path.Join(firewallDirectory, tier))
}

// ParseFirewallSources reads the answer to [AskFirewallSources]: the networks of all
// groups together, by owner. An owner whose file lets nobody in has none.
func ParseFirewallSources(answer shell.Answer) map[string][]netip.Prefix {
	sources := map[string][]netip.Prefix{}
	owner := ""
	for line := range strings.Lines(answer.Out) {
		line = strings.TrimSpace(line)
		if name, found := strings.CutPrefix(line, "owner "); found {
			owner = strings.TrimSuffix(name, ".nft")
			sources[owner] = nil
			continue
		}
		sources[owner] = JoinNetworks(sources[owner], sourcesOf(line))
	}
	delete(sources, "")
	return sources
}

// sourcesOf are the networks of one rule.
func sourcesOf(rule string) []netip.Prefix {
	for _, family := range []struct{ match, all, everybody string }{
		{"ip saddr { ", "meta nfproto ipv4 ", "0.0.0.0/0"},
		{"ip6 saddr { ", "meta nfproto ipv6 ", "::/0"},
	} {
		if strings.HasPrefix(rule, family.all) {
			return []netip.Prefix{netip.MustParsePrefix(family.everybody)}
		}
		list, found := strings.CutPrefix(rule, family.match)
		if !found {
			continue
		}
		var networks []netip.Prefix
		list, _, _ = strings.Cut(list, " }")
		for word := range strings.SplitSeq(list, ", ") {
			if network, err := netip.ParsePrefix(word); err == nil {
				networks = append(networks, network)
			} else if address, err := netip.ParseAddr(word); err == nil {
				networks = append(networks, netip.PrefixFrom(address, address.BitLen()))
			}
		}
		return networks
	}
	return nil
}

// JoinNetworks returns the networks of all lists in order, without those that lie in
// another one.
func JoinNetworks(lists ...[]netip.Prefix) []netip.Prefix {
	return slices.Clip(disjoint(slices.Concat(lists...)))
}

// MissingNetworks returns those networks of want that do not lie in one of have.
func MissingNetworks(want, have []netip.Prefix) []netip.Prefix {
	return slices.DeleteFunc(JoinNetworks(want), func(network netip.Prefix) bool {
		return slices.ContainsFunc(have, func(other netip.Prefix) bool {
			return other.Bits() <= network.Bits() && other.Contains(network.Addr())
		})
	})
}
