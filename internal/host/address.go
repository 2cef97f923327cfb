package host

import (
	"fmt"
	"net/netip"
	"regexp"
)

// nodeKey keeps the key of a node fit for file names, unit names and messages, whatever
// a tier makes of it. It is what the name of a machine may be.
var nodeKey = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// FaultOfName says why the node cannot have its name, which is its key in a
// configuration; it is empty if it can.
func (n Node) FaultOfName() string {
	if nodeKey.MatchString(n.Name) {
		return ""
	}
	return fmt.Sprintf("%q is not the key of a node: it has 1 to 63 letters, digits, dots, hyphens and underscores, and begins with a letter or digit", n.Name)
}

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
