package api

import (
	"net/netip"
	"slices"
)

type vpc struct {
	ID          int       `json:"id"`
	Label       string    `json:"label"`
	Description string    `json:"description"`
	Region      string    `json:"region"`
	Subnets     []*subnet `json:"subnets"`
	Created     string    `json:"created"`
	Updated     string    `json:"updated"`
}

type subnet struct {
	ID      int    `json:"id"`
	Label   string `json:"label"`
	IPv4    string `json:"ipv4"`
	Created string `json:"created"`
	Updated string `json:"updated"`
}

func (s *Server) vpcRoutes() []route {
	const one, subnets = "/vpcs/{vpcId}", "/vpcs/{vpcId}/subnets"
	return []route{
		{method: "GET", path: "/vpcs", handler: s.listVPCs},
		{method: "POST", path: "/vpcs", handler: s.createVPC},
		{method: "GET", path: "/vpcs/ips", handler: s.listVPCAddresses},
		{method: "GET", path: one, handler: s.getVPC},
		{method: "PUT", path: one, handler: s.updateVPC},
		{method: "DELETE", path: one, handler: s.deleteVPC},
		{method: "GET", path: one + "/ips", handler: s.listVPCAddresses},
		{method: "GET", path: subnets, handler: s.listSubnets},
		{method: "POST", path: subnets, handler: s.createSubnet},
		{method: "GET", path: subnets + "/{vpcSubnetId}", handler: s.getSubnet},
		{method: "PUT", path: subnets + "/{vpcSubnetId}", handler: s.updateSubnet},
		{method: "DELETE", path: subnets + "/{vpcSubnetId}", handler: s.deleteSubnet},
	}
}

func (v *vpc) entity() entity { return entityOf("vpc", v.ID, v.Label) }

func (s *Server) viewVPC(v *vpc) map[string]any {
	subnets := []any{}
	for _, sub := range v.Subnets {
		subnets = append(subnets, s.viewSubnet(sub))
	}
	return map[string]any{
		"id": v.ID, "label": v.Label, "description": v.Description, "region": v.Region, "subnets": subnets,
		"created": v.Created, "updated": v.Updated,
	}
}

func (s *Server) viewSubnet(sub *subnet) map[string]any {
	linodes := []any{}
	s.eachMember(sub.ID, func(i *instance, _ *bootConfig, face *bootInterface) {
		linodes = append(linodes, map[string]any{"id": i.ID, "interfaces": []any{map[string]any{"id": face.ID, "active": face.Active}}})
	})
	return map[string]any{
		"id": sub.ID, "label": sub.Label, "ipv4": sub.IPv4, "linodes": linodes, "created": sub.Created, "updated": sub.Updated,
	}
}

// eachMember visits the interfaces in a subnet.
func (s *Server) eachMember(id int, visit func(*instance, *bootConfig, *bootInterface)) {
	for _, i := range sorted(s.state.Instances) {
		for _, config := range i.Configs {
			for _, face := range i.show(config).Interfaces {
				if face.SubnetID != nil && *face.SubnetID == id {
					visit(i, config, face)
				}
			}
		}
	}
}

func (s *Server) findSubnet(id int) (*vpc, *subnet) {
	for _, v := range s.state.VPCs {
		for _, sub := range v.Subnets {
			if sub.ID == id {
				return v, sub
			}
		}
	}
	return nil, nil
}

// subnetAddress checks the wanted address or finds a free one; the first and
// the last of a subnet are the network's own.
func (s *Server) subnetAddress(sub *subnet, wanted string) (string, error) {
	prefix := netip.MustParsePrefix(sub.IPv4).Masked()
	used := map[string]bool{prefix.Addr().Next().String(): true}
	s.eachMember(sub.ID, func(_ *instance, _ *bootConfig, face *bootInterface) { used[*face.IPv4.VPC] = true })
	if wanted != "" {
		addr, err := netip.ParseAddr(wanted)
		if err != nil || !prefix.Contains(addr) || used[wanted] {
			return "", invalid("ipv4.vpc", "%s is not a free address of %s", wanted, prefix)
		}
		return wanted, nil
	}
	for addr := prefix.Addr().Next(); prefix.Contains(addr.Next()); addr = addr.Next() {
		if !used[addr.String()] {
			return addr.String(), nil
		}
	}
	return "", invalid("subnet_id", "no address is left in %s", prefix)
}

func (s *Server) vpcAddressesOf(wanted *instance) []map[string]any {
	found := []map[string]any{}
	for _, v := range sorted(s.state.VPCs) {
		for _, sub := range v.Subnets {
			s.eachMember(sub.ID, func(i *instance, config *bootConfig, face *bootInterface) {
				if wanted != nil && i != wanted {
					return
				}
				prefix := netip.MustParsePrefix(sub.IPv4)
				view := map[string]any{
					"address": *face.IPv4.VPC, "address_range": nil, "prefix": prefix.Bits(), "subnet_mask": mask(prefix),
					"gateway": prefix.Masked().Addr().Next().String(), "region": v.Region, "vpc_id": v.ID, "subnet_id": sub.ID,
					"linode_id": i.ID, "config_id": config.ID, "interface_id": face.ID, "active": face.Active,
				}
				if face.IPv4.NAT1To1 != nil {
					view["nat_1_1"] = *face.IPv4.NAT1To1
				}
				found = append(found, view)
			})
		}
	}
	return found
}

func (s *Server) vpc(c *call) (*vpc, error) { return find(s.state.VPCs, c.id("vpcId")) }

func (s *Server) listVPCAddresses(c *call) (any, error) {
	all := s.vpcAddressesOf(nil)
	if c.params["vpcId"] != "" {
		v, err := s.vpc(c)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(a map[string]any) bool { return a["vpc_id"] != v.ID })
	}
	return list{items: all}, nil
}

func (s *Server) listVPCs(*call) (any, error) {
	views := []any{}
	for _, v := range sorted(s.state.VPCs) {
		views = append(views, s.viewVPC(v))
	}
	return list{items: views}, nil
}

func (s *Server) getVPC(c *call) (any, error) {
	v, err := s.vpc(c)
	if err != nil {
		return nil, err
	}
	return s.viewVPC(v), nil
}

func (s *Server) createVPC(c *call) (any, error) {
	v := &vpc{Created: s.timestamp(), Updated: s.timestamp()}
	if err := c.decode(v); err != nil {
		return nil, err
	}
	if err := checkRegion(v.Region); err != nil {
		return nil, err
	}
	for _, other := range s.state.VPCs {
		if other.Label == v.Label {
			return nil, invalid("label", "Label must be unique")
		}
	}
	wanted := v.Subnets
	v.Subnets = nil
	for _, sub := range wanted {
		if err := s.addSubnet(v, sub); err != nil {
			return nil, err
		}
	}
	v.ID = s.state.nextID("vpc")
	s.state.VPCs[v.ID] = v
	s.notify("vpc_create", v.entity())
	return s.viewVPC(v), nil
}

func (s *Server) addSubnet(v *vpc, sub *subnet) error {
	prefix, err := netip.ParsePrefix(sub.IPv4)
	if err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() || prefix.Bits() > 29 {
		return invalid("ipv4", "Must be an IPv4 network in CIDR notation of at least 8 addresses")
	}
	for _, other := range v.Subnets {
		if other.Label == sub.Label {
			return invalid("label", "Label must be unique within the VPC")
		}
		if netip.MustParsePrefix(other.IPv4).Overlaps(prefix) {
			return invalid("ipv4", "Must not overlap with subnet %s", other.Label)
		}
	}
	sub.ID, sub.Created, sub.Updated = s.state.nextID("subnet"), s.timestamp(), s.timestamp()
	v.Subnets = append(v.Subnets, sub)
	return nil
}

func (s *Server) updateVPC(c *call) (any, error) {
	v, err := s.vpc(c)
	if err != nil {
		return nil, err
	}
	if err := c.decode(v); err != nil {
		return nil, err
	}
	v.Updated = s.timestamp()
	s.notify("vpc_update", v.entity())
	return s.viewVPC(v), nil
}

func (s *Server) deleteVPC(c *call) (any, error) {
	v, err := s.vpc(c)
	if err != nil {
		return nil, err
	}
	for _, sub := range v.Subnets {
		if err := s.checkEmpty(sub); err != nil {
			return nil, err
		}
	}
	delete(s.state.VPCs, v.ID)
	s.notify("vpc_delete", v.entity())
	return none{}, nil
}

func (s *Server) checkEmpty(sub *subnet) error {
	members := 0
	s.eachMember(sub.ID, func(*instance, *bootConfig, *bootInterface) { members++ })
	if members > 0 {
		return invalid("", "subnet %s still has Linodes", sub.Label)
	}
	return nil
}

func (s *Server) subnet(c *call) (*vpc, *subnet, error) {
	v, err := s.vpc(c)
	if err != nil {
		return nil, nil, err
	}
	sub, err := pick(v.Subnets, func(sub *subnet) bool { return sub.ID == c.id("vpcSubnetId") })
	return v, sub, err
}

func (s *Server) listSubnets(c *call) (any, error) {
	v, err := s.vpc(c)
	if err != nil {
		return nil, err
	}
	return list{items: s.viewVPC(v)["subnets"]}, nil
}

func (s *Server) getSubnet(c *call) (any, error) {
	_, sub, err := s.subnet(c)
	if err != nil {
		return nil, err
	}
	return s.viewSubnet(sub), nil
}

func (s *Server) createSubnet(c *call) (any, error) {
	v, err := s.vpc(c)
	if err != nil {
		return nil, err
	}
	sub := &subnet{}
	if err := c.decode(sub); err != nil {
		return nil, err
	}
	if err := s.addSubnet(v, sub); err != nil {
		return nil, err
	}
	s.notify("subnet_create", v.entity())
	return s.viewSubnet(sub), nil
}

func (s *Server) updateSubnet(c *call) (any, error) {
	v, sub, err := s.subnet(c)
	if err != nil {
		return nil, err
	}
	if err := c.decode(sub); err != nil {
		return nil, err
	}
	sub.Updated = s.timestamp()
	s.notify("subnet_update", v.entity())
	return s.viewSubnet(sub), nil
}

func (s *Server) deleteSubnet(c *call) (any, error) {
	v, sub, err := s.subnet(c)
	if err != nil {
		return nil, err
	}
	if err := s.checkEmpty(sub); err != nil {
		return nil, err
	}
	v.Subnets = slices.DeleteFunc(v.Subnets, func(other *subnet) bool { return other == sub })
	s.notify("subnet_delete", v.entity())
	return none{}, nil
}
