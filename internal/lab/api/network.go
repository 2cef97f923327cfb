package api

import (
	"fmt"
	"net/netip"
	"slices"
)

// ipv6Range is a routed range; routing it is recorded only.
type ipv6Range struct {
	Range       string `json:"range"`
	Prefix      int    `json:"prefix"`
	Region      string `json:"region"`
	RouteTarget string `json:"route_target"`
	LinodeID    int    `json:"linode_id"`
}

func (s *Server) networkRoutes() []route {
	return []route{
		{method: "GET", path: "/networking/ips", handler: s.listAddresses},
		{method: "POST", path: "/networking/ips", handler: s.allocateAddress},
		{method: "GET", path: "/networking/ips/{address}", handler: s.getAddress},
		{method: "PUT", path: "/networking/ips/{address}", handler: s.updateAddress},
		{method: "POST", path: "/networking/ips/share", handler: s.shareAddresses},
		{method: "POST", path: "/networking/ipv4/share", handler: s.shareAddresses},
		{method: "POST", path: "/networking/ips/assign", handler: s.assignAddresses},
		{method: "POST", path: "/networking/ipv4/assign", handler: s.assignAddresses},
		{method: "GET", path: "/networking/ipv6/pools", handler: func(*call) (any, error) { return list{items: []any{}}, nil }},
		{method: "GET", path: "/networking/ipv6/ranges", handler: s.listRanges},
		{method: "POST", path: "/networking/ipv6/ranges", handler: s.createRange},
		{method: "GET", path: "/networking/ipv6/ranges/{range}", handler: s.getRange},
		{method: "DELETE", path: "/networking/ipv6/ranges/{range}", handler: s.deleteRange},
		{method: "GET", path: "/networking/vlans", handler: s.listVLANs},
		{method: "GET", path: "/linode/instances/{linodeId}/ips", handler: s.listInstanceAddresses},
		{method: "POST", path: "/linode/instances/{linodeId}/ips", handler: s.addInstanceAddress},
		{method: "GET", path: "/linode/instances/{linodeId}/ips/{address}", handler: s.getInstanceAddress},
		{method: "PUT", path: "/linode/instances/{linodeId}/ips/{address}", handler: s.updateInstanceAddress},
		{method: "DELETE", path: "/linode/instances/{linodeId}/ips/{address}", handler: s.unlockedParts(s.deleteInstanceAddress)},
	}
}

// viewIPv4 is an address as the API shows it. linode is the one it belongs to,
// 0 for a NodeBalancer's.
func (s *Server) viewIPv4(address, region string, linode int) map[string]any {
	prefix, rdns := s.options.PublicPrefix, any(s.rdns(address))
	if isPrivate(address) {
		prefix, rdns = privatePrefix, nil
	}
	v := map[string]any{
		"address": address, "prefix": prefix.Bits(), "subnet_mask": mask(prefix), "type": "ipv4", "public": !isPrivate(address),
		"gateway": nil, "rdns": rdns, "region": region, "linode_id": linode, "reserved": false, "interface_id": nil,
	}
	if !isPrivate(address) {
		v["gateway"] = prefix.Masked().Addr().Next().String()
	}
	if linode == 0 {
		v["linode_id"] = nil
	}
	return v
}

func (s *Server) rdns(address string) string {
	if name, ok := s.state.RDNS[address]; ok {
		return name
	}
	parts := netip.MustParseAddr(address).As4()
	return fmt.Sprintf("%d-%d-%d-%d.ip.lab.test", parts[0], parts[1], parts[2], parts[3])
}

func mask(prefix netip.Prefix) string {
	n := uint32(0xffffffff) << (32 - prefix.Bits())
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String()
}

func (s *Server) viewIPv6(i *instance, address string, prefix int) map[string]any {
	return map[string]any{
		"address": address, "gateway": "fe80::1", "linode_id": i.ID, "prefix": prefix, "public": prefix == 128,
		"rdns": "", "region": i.Region, "subnet_mask": "ffff:ffff:ffff:ffff::", "type": "ipv6",
	}
}

// owner finds the instance that has an address.
func (s *Server) owner(address string) *instance {
	for _, i := range sorted(s.state.Instances) {
		if slices.Contains(i.IPv4, address) {
			return i
		}
	}
	return nil
}

func (s *Server) listAddresses(*call) (any, error) {
	views := []any{}
	for _, i := range sorted(s.state.Instances) {
		for _, a := range i.IPv4 {
			views = append(views, s.viewIPv4(a, i.Region, i.ID))
		}
	}
	for _, b := range sorted(s.state.Balancers) {
		views = append(views, s.viewIPv4(b.IPv4, b.Region, 0))
	}
	return list{items: views}, nil
}

func (s *Server) getAddress(c *call) (any, error) {
	if i := s.owner(c.params["address"]); i != nil {
		return s.viewIPv4(c.params["address"], i.Region, i.ID), nil
	}
	for _, b := range s.state.Balancers {
		if b.IPv4 == c.params["address"] {
			return s.viewIPv4(b.IPv4, b.Region, 0), nil
		}
	}
	return nil, errNotFound()
}

func (s *Server) updateAddress(c *call) (any, error) {
	i := s.owner(c.params["address"])
	if i == nil {
		return nil, errNotFound()
	}
	return s.setRDNS(c, i)
}

func (s *Server) setRDNS(c *call, i *instance) (any, error) {
	address := c.params["address"]
	if isPrivate(address) {
		return nil, invalid("rdns", "a private address has no reverse DNS")
	}
	var r struct {
		RDNS *string `json:"rdns"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	delete(s.state.RDNS, address)
	if r.RDNS != nil {
		s.state.RDNS[address] = *r.RDNS
	}
	return s.viewIPv4(address, i.Region, i.ID), nil
}

func (s *Server) allocateAddress(c *call) (any, error) {
	var r struct {
		LinodeID int  `json:"linode_id"`
		Public   bool `json:"public"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	i, err := find(s.state.Instances, r.LinodeID)
	if err != nil {
		return nil, invalid("linode_id", "linode_id is not valid")
	}
	return s.addAddress(i, r.Public)
}

// addAddress gives an instance another address. As at Linode the machine does
// not have it before it is configured: a private one is attached by the next
// boot, an additional public one by whoever uses it.
func (s *Server) addAddress(i *instance, public bool) (any, error) {
	allocate := s.allocatePublic
	if !public {
		if i.privateIPv4() != "" {
			return nil, invalid("public", "this Linode already has a private address")
		}
		allocate = s.allocatePrivate
	}
	address, err := allocate()
	if err != nil {
		return nil, err
	}
	i.IPv4 = append(i.IPv4, address)
	s.notify("linode_addip", i.entity())
	return s.viewIPv4(address, i.Region, i.ID), nil
}

func (s *Server) addInstanceAddress(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	var r struct {
		Public bool `json:"public"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	return s.addAddress(i, r.Public)
}

func (s *Server) listInstanceAddresses(c *call) (any, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	public, private, shared := []any{}, []any{}, []any{}
	for _, a := range i.IPv4 {
		if v := s.viewIPv4(a, i.Region, i.ID); isPrivate(a) {
			v["rdns"] = ""
			v["gateway"] = privatePrefix.Addr().Next().String()
			private = append(private, privateView(v))
		} else {
			public = append(public, v)
		}
	}
	for _, a := range i.Shared {
		if owner := s.owner(a); owner != nil {
			shared = append(shared, s.viewIPv4(a, owner.Region, owner.ID))
		}
	}
	ranges := []any{}
	for _, r := range s.rangesOf(i.ID) {
		ranges = append(ranges, map[string]any{"range": r.Range, "prefix": r.Prefix, "region": r.Region, "route_target": r.RouteTarget})
	}
	return map[string]any{
		"ipv4": map[string]any{"public": plain(public), "private": private, "shared": plain(shared), "reserved": []any{}, "vpc": s.vpcAddressesOf(i)},
		"ipv6": map[string]any{
			"link_local": s.viewIPv6(i, "fe80::"+slaac(i.ID)[len("fd00::"):], 64),
			"slaac":      s.viewIPv6(i, slaac(i.ID), 128), "global": ranges,
		},
	}, nil
}

// plain drops what the contract does not show of addresses in this answer.
func plain(views []any) []any {
	for _, v := range views {
		if view, ok := v.(map[string]any); ok {
			privateView(view)
		}
	}
	return views
}

func privateView(v map[string]any) map[string]any {
	delete(v, "reserved")
	delete(v, "interface_id")
	return v
}

func (s *Server) instanceAddress(c *call) (*instance, error) {
	i, err := s.instance(c)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(i.IPv4, c.params["address"]) {
		return nil, errNotFound()
	}
	return i, nil
}

func (s *Server) getInstanceAddress(c *call) (any, error) {
	i, err := s.instanceAddress(c)
	if err != nil {
		return nil, err
	}
	return s.viewIPv4(c.params["address"], i.Region, i.ID), nil
}

func (s *Server) updateInstanceAddress(c *call) (any, error) {
	i, err := s.instanceAddress(c)
	if err != nil {
		return nil, err
	}
	return s.setRDNS(c, i)
}

func (s *Server) deleteInstanceAddress(c *call) (any, error) {
	i, err := s.instanceAddress(c)
	if err != nil {
		return nil, err
	}
	address := c.params["address"]
	if isPrivate(address) {
		return nil, invalid("", "a private address cannot be removed from a Linode")
	}
	if address == i.publicIPv4() {
		return nil, invalid("", "a Linode keeps at least one public address")
	}
	i.IPv4 = slices.DeleteFunc(i.IPv4, func(a string) bool { return a == address })
	delete(s.state.RDNS, address)
	for _, other := range s.state.Instances {
		other.Shared = slices.DeleteFunc(other.Shared, func(a string) bool { return a == address })
	}
	s.notify("linode_deleteip", i.entity())
	return none{}, nil
}
