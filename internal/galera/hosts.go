package galera

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// canonicalHost returns client addresses in the spelling in which the engine
// compares them with a client's. MariaDB takes 10.0.0.0/24 for a name that no
// client has; both engines read 10.0.0.0/255.255.255.0.
func canonicalHost(declared string) string {
	host := strings.ToLower(declared)
	if address, err := netip.ParseAddr(host); err == nil {
		return address.String()
	}
	if prefix, err := netip.ParsePrefix(host); err == nil && prefix.Addr().Is4() {
		return prefix.Addr().String() + "/" + dottedMask(prefix.Bits())
	}
	return host
}

func dottedMask(bits int) string { return net.IP(net.CIDRMask(bits, 32)).String() }

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9_.:%/-]{1,255}$`)

// faultOfHost says why client addresses cannot be declared; empty if they can.
func faultOfHost(host string) string {
	if !hostPattern.MatchString(host) {
		return fmt.Sprintf("%q is not an address, a network, a name or a pattern with %% and _", host)
	}
	network, mask, isNetwork := strings.Cut(host, "/")
	if !isNetwork {
		return ""
	}
	address, err := netip.ParseAddr(network)
	if err != nil || !address.Is4() {
		return fmt.Sprintf("%q is not a network of IPv4, for which alone the engines know masks; write a pattern, such as %q", host, patternFor(address))
	}
	bits, found := prefixLength(mask)
	if !found {
		return fmt.Sprintf("%q is not a network such as 10.0.0.0/24 or 10.0.0.0/255.255.255.0", host)
	}
	if first := netip.PrefixFrom(address, bits).Masked().Addr(); first != address {
		return fmt.Sprintf("%q matches no client, because the address has bits outside of the mask; the network is %s/%s", host, first, dottedMask(bits))
	}
	return ""
}

// admitsNames reports whether a user is declared whom the server only knows by the name that
// belongs to a client's address.
func (s Spec) admitsNames() bool {
	return slices.ContainsFunc(hostsOfUsers(s), func(declared userHost) bool { return isName(declared.host) })
}

// isName reports whether a host of an account is a name, or a pattern of names. localhost is
// one for clients that connect to 127.0.0.1, and none for those of the server's socket.
func isName(host string) bool {
	host = strings.ToLower(host)
	if _, err := netip.ParseAddr(host); err == nil || strings.Contains(host, "/") {
		return false
	}
	ofAddresses := "0123456789.%_"
	if strings.Contains(host, ":") {
		ofAddresses += ":abcdef"
	}
	return strings.Trim(host, ofAddresses) != ""
}

func patternFor(address netip.Addr) string {
	if address.Is6() {
		return "fd00::%"
	}
	return "10.0.0.%"
}

// prefixLength reads the length of a network's prefix, also from a mask.
func prefixLength(mask string) (bits int, found bool) {
	if address, err := netip.ParseAddr(mask); err == nil && address.Is4() {
		ones, length := net.IPMask(address.AsSlice()).Size()
		return ones, length != 0
	}
	bits, err := strconv.Atoi(mask)
	return bits, err == nil && bits >= 0 && bits <= 32 && mask == strconv.Itoa(bits)
}
