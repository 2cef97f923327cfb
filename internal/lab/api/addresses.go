package api

import (
	"fmt"
	"net/netip"
)

var privatePrefix = netip.MustParsePrefix("192.168.128.0/17")

// firstPrivate leaves room below for gateways.
var firstPrivate = netip.MustParseAddr("192.168.128.10")

// allocatePublic gives out the next public address. Freed addresses come back
// only after the whole prefix was used: a new machine behind the address of an
// old one would look like an attack to whoever remembers host keys.
func (s *Server) allocatePublic() (string, error) {
	return s.allocate("public_ipv4", s.options.PublicPrefix, s.options.FirstPublic)
}

func (s *Server) allocatePrivate() (string, error) {
	return s.allocate("private_ipv4", privatePrefix, firstPrivate)
}

func (s *Server) allocate(kind string, prefix netip.Prefix, first netip.Addr) (string, error) {
	used := s.usedAddresses()
	size := 1 << (32 - prefix.Bits())
	for range size {
		n := s.state.nextID(kind) - 1
		addr := first
		if room := ipv4Distance(first, prefix) + 1; room > 0 {
			addr = addIPv4(first, n%room)
		}
		last := addr.As4()[3]
		if !used[addr.String()] && last != 0 && last != 255 {
			return addr.String(), nil
		}
	}
	return "", invalid("", "no address is left in %s", prefix)
}

// ipv4Distance is how many addresses of prefix follow first.
func ipv4Distance(first netip.Addr, prefix netip.Prefix) int {
	base := ipv4Number(prefix.Masked().Addr())
	return int(base+1<<(32-prefix.Bits())-1) - int(ipv4Number(first))
}

func ipv4Number(a netip.Addr) uint64 {
	b := a.As4()
	return uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])
}

func addIPv4(a netip.Addr, n int) netip.Addr {
	v := ipv4Number(a) + uint64(n)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

func (s *Server) usedAddresses() map[string]bool {
	used := map[string]bool{}
	for _, i := range s.state.Instances {
		for _, a := range i.IPv4 {
			used[a] = true
		}
	}
	for _, b := range s.state.Balancers {
		used[b.IPv4] = true
	}
	return used
}

// slaac is the address an instance forms from its hardware address.
func slaac(id int) string {
	return fmt.Sprintf("fd00::f03c:95ff:fe%02x:%x", id>>16&0xff, id&0xffff)
}

func isPrivate(address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && privatePrefix.Contains(addr)
}
