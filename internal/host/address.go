package host

import (
	"fmt"
	"net/netip"
)

// FaultOfAddress says why peers cannot reach the node at its address; it is empty if
// nothing is known against it. A provider takes the address from the host where none
// is given, so that a name is the likeliest fault.
func (n Node) FaultOfAddress() string {
	address, err := netip.ParseAddr(n.Address)
	switch {
	case err != nil:
		return fmt.Sprintf("%q is not an IP address, and the other machines reach %s at one; "+
			"set address, such as 10.0.0.11, beside a host that is a name: where address is left out, it is host", n.Address, n.Name)
	case address.IsUnspecified() || address.IsMulticast() || address.IsLoopback():
		return fmt.Sprintf("%s is not an address at which other machines can reach %s", n.Address, n.Name)
	}
	return ""
}
