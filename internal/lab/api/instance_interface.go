package api

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
)

type interfaceRequest struct {
	Purpose     string    `json:"purpose"`
	Label       string    `json:"label"`
	IPAMAddress string    `json:"ipam_address"`
	Primary     bool      `json:"primary"`
	SubnetID    *int      `json:"subnet_id"`
	IPv4        *faceIPv4 `json:"ipv4"`
	IPRanges    []string  `json:"ip_ranges"`
}

type faceIPv4 struct {
	VPC     *string `json:"vpc"`
	NAT1To1 *string `json:"nat_1_1"`
}

type bootInterface struct {
	ID          int       `json:"id"`
	Purpose     string    `json:"purpose"`
	Label       *string   `json:"label"`
	IPAMAddress *string   `json:"ipam_address"`
	Primary     bool      `json:"primary"`
	Active      bool      `json:"active"`
	VPCID       *int      `json:"vpc_id"`
	SubnetID    *int      `json:"subnet_id"`
	IPv4        *faceIPv4 `json:"ipv4,omitempty"`
	IPRanges    []string  `json:"ip_ranges"`
}

var vlanLabel = regexp.MustCompile(`^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$`)

// newInterfaces makes a configuration's interfaces; at most three, as many of
// which may be VLANs, at most one public.
func (s *Server) newInterfaces(requests []interfaceRequest) ([]*bootInterface, error) {
	var faces []*bootInterface
	labels := map[string]bool{}
	for n, r := range requests {
		face, err := s.newInterface(fmt.Sprintf("interfaces[%d].", n), r)
		if err != nil {
			return nil, err
		}
		key := r.Purpose + " " + r.Label
		if r.Purpose != "vpc" && labels[key] {
			return nil, invalid("interfaces", "%s is given twice", key)
		}
		labels[key] = true
		faces = append(faces, face)
	}
	return faces, nil
}

func (s *Server) newInterface(field string, r interfaceRequest) (*bootInterface, error) {
	face := &bootInterface{ID: s.state.nextID("interface"), Purpose: r.Purpose, Primary: r.Primary, IPRanges: orEmpty(r.IPRanges)}
	switch r.Purpose {
	case "vlan":
		return face, face.joinVLAN(field, r)
	case "vpc":
		return face, s.joinVPC(field, face, r)
	}
	if r.Label != "" || r.IPAMAddress != "" {
		return nil, invalid(field+"label", "a public interface has neither label nor ipam_address")
	}
	return face, nil
}

func (face *bootInterface) joinVLAN(field string, r interfaceRequest) error {
	if len(r.Label) > 64 || !vlanLabel.MatchString(r.Label) {
		return invalid(field+"label", "a VLAN's label holds letters, numbers and single hyphens")
	}
	if r.Primary {
		return invalid(field+"primary", "a VLAN interface cannot be primary")
	}
	face.Label = &r.Label
	if r.IPAMAddress != "" {
		if err := checkCIDR(field+"ipam_address", r.IPAMAddress); err != nil {
			return err
		}
		face.IPAMAddress = &r.IPAMAddress
	}
	return nil
}

func (s *Server) joinVPC(field string, face *bootInterface, r interfaceRequest) error {
	if r.SubnetID == nil {
		return invalid(field+"subnet_id", "subnet_id is required")
	}
	network, sub := s.findSubnet(*r.SubnetID)
	if sub == nil {
		return invalid(field+"subnet_id", "subnet_id is not valid")
	}
	wanted := ""
	if r.IPv4 != nil && r.IPv4.VPC != nil {
		wanted = *r.IPv4.VPC
	}
	address, err := s.subnetAddress(sub, wanted)
	if err != nil {
		return err
	}
	face.VPCID, face.SubnetID = &network.ID, &sub.ID
	face.IPv4 = &faceIPv4{VPC: &address}
	if r.IPv4 != nil {
		face.IPv4.NAT1To1 = r.IPv4.NAT1To1
	}
	return nil
}

// nat turns the wish for any 1:1 address into the instance's public one.
func (face *bootInterface) nat(public string) {
	if face.IPv4 != nil && face.IPv4.NAT1To1 != nil && *face.IPv4.NAT1To1 == "any" {
		face.IPv4.NAT1To1 = &public
	}
}

// network is what a machine joins for an interface. A VPC subnet becomes a
// network of its own: machines of one subnet reach each other there, but no
// router joins subnets.
func (s *Server) network(face *bootInterface) (VLAN, bool) {
	switch face.Purpose {
	case "vlan":
		v := VLAN{Label: *face.Label}
		if face.IPAMAddress != nil {
			v.Address = *face.IPAMAddress
		}
		return v, true
	case "vpc":
		_, sub := s.findSubnet(*face.SubnetID)
		if sub == nil {
			return VLAN{}, false
		}
		prefix := netip.MustParsePrefix(sub.IPv4)
		return VLAN{Label: fmt.Sprintf("vpc-subnet-%d", sub.ID), Address: fmt.Sprintf("%s/%d", *face.IPv4.VPC, prefix.Bits())}, true
	}
	return VLAN{}, false
}

func (config *bootConfig) face(id int) *bootInterface {
	for _, face := range config.Interfaces {
		if face.ID == id {
			return face
		}
	}
	return nil
}

func (s *Server) listInterfaces(c *call) (any, error) {
	i, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	return i.show(config).Interfaces, nil
}

func (s *Server) addInterface(c *call) (any, error) {
	i, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	if len(config.Interfaces) >= 3 {
		return nil, invalid("interfaces", "a configuration has at most 3 interfaces")
	}
	var r interfaceRequest
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	face, err := s.newInterface("", r)
	if err != nil {
		return nil, err
	}
	face.nat(i.publicIPv4())
	config.Interfaces = append(config.Interfaces, face)
	return face, nil
}

func (s *Server) getInterface(c *call) (any, error) {
	i, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	if face := i.show(config).face(c.id("interfaceId")); face != nil {
		return face, nil
	}
	return nil, errNotFound()
}

func (s *Server) updateInterface(c *call) (any, error) {
	i, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	face := config.face(c.id("interfaceId"))
	if face == nil {
		return nil, errNotFound()
	}
	if face.Purpose == "vlan" {
		return nil, invalid("", "a VLAN interface cannot be changed; replace it")
	}
	if err := c.decode(face); err != nil {
		return nil, err
	}
	face.nat(i.publicIPv4())
	return face, nil
}

func (s *Server) deleteInterface(c *call) (any, error) {
	_, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	face := config.face(c.id("interfaceId"))
	if face == nil {
		return nil, errNotFound()
	}
	config.Interfaces = slices.DeleteFunc(config.Interfaces, func(f *bootInterface) bool { return f == face })
	return none{}, nil
}

func (s *Server) orderInterfaces(c *call) (any, error) {
	_, config, err := s.bootConfig(c)
	if err != nil {
		return nil, err
	}
	var r struct {
		IDs []int `json:"ids"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	var ordered []*bootInterface
	for _, id := range r.IDs {
		face := config.face(id)
		if face == nil || slices.Contains(ordered, face) {
			return nil, invalid("ids", "ids must name each interface once")
		}
		ordered = append(ordered, face)
	}
	if len(ordered) != len(config.Interfaces) {
		return nil, invalid("ids", "ids must name each interface once")
	}
	config.Interfaces = ordered
	return none{}, nil
}
