package host

import "net/netip"

// sharedAddresses is the block for networks behind a provider's translation, which
// no other network routes to (RFC 6598).
var sharedAddresses = netip.MustParsePrefix("100.64.0.0/10")

// PublicNodes returns the nodes whose address is not private: it is not of RFC 1918,
// RFC 6598, a unique local or a link-local one. What cannot be read as an address is
// no concern of this.
func PublicNodes(nodes []Node) []Node {
	var public []Node
	for _, node := range nodes {
		if address, err := netip.ParseAddr(node.Address); err == nil && !private(address.Unmap()) {
			public = append(public, node)
		}
	}
	return public
}

func private(address netip.Addr) bool {
	return address.IsPrivate() || address.IsLinkLocalUnicast() || address.IsLoopback() || sharedAddresses.Contains(address)
}
