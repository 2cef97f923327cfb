package api

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// shareAddresses replaces the list of addresses that a Linode shares.
func (s *Server) shareAddresses(c *call) (any, error) {
	var r struct {
		IPs      []string `json:"ips"`
		LinodeID int      `json:"linode_id"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	i, err := find(s.state.Instances, r.LinodeID)
	if err != nil {
		return nil, invalid("linode_id", "linode_id is not valid")
	}
	for _, a := range r.IPs {
		owner := s.owner(a)
		switch {
		case owner == nil:
			return nil, invalid("ips", "%s belongs to none of your Linodes", a)
		case owner == i:
			return nil, invalid("ips", "%s is this Linode's own", a)
		case owner.Region != i.Region:
			return nil, invalid("ips", "%s is in another region", a)
		case isPrivate(a):
			return nil, invalid("ips", "%s is private: private addresses are no longer shared", a)
		}
	}
	i.Shared = r.IPs
	s.notify("linode_update", i.entity())
	return none{}, nil
}

type assignment struct {
	Address  string `json:"address"`
	LinodeID int    `json:"linode_id"`
}

// assignAddresses moves addresses between Linodes of a region; in the end each
// has at least one public and at most one private address.
func (s *Server) assignAddresses(c *call) (any, error) {
	var r struct {
		Region      string       `json:"region"`
		Assignments []assignment `json:"assignments"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	after := map[*instance][]string{}
	for _, i := range s.state.Instances {
		after[i] = slices.Clone(i.IPv4)
	}
	for _, a := range r.Assignments {
		if _, err := netip.ParsePrefix(a.Address); err == nil {
			return nil, invalid("assignments", "the lab does not move IPv6 ranges")
		}
		to, err := find(s.state.Instances, a.LinodeID)
		from := s.owner(a.Address)
		if err != nil || from == nil || to.Region != r.Region || from.Region != r.Region {
			return nil, invalid("assignments", "%s and Linode %d must exist in %s", a.Address, a.LinodeID, r.Region)
		}
		after[from] = slices.DeleteFunc(after[from], func(x string) bool { return x == a.Address })
		after[to] = append(after[to], a.Address)
	}
	for i, addresses := range after {
		private := 0
		for _, a := range addresses {
			if isPrivate(a) {
				private++
			}
		}
		if private > 1 || len(addresses) == private {
			return nil, invalid("assignments", "Linode %d must keep at least one public and at most one private address", i.ID)
		}
	}
	for i, addresses := range after {
		i.IPv4 = addresses
	}
	return none{}, nil
}

func (s *Server) rangesOf(linode int) []*ipv6Range {
	var found []*ipv6Range
	for _, key := range slices.Sorted(maps.Keys(s.state.Ranges)) {
		if r := s.state.Ranges[key]; linode == 0 || r.LinodeID == linode {
			found = append(found, r)
		}
	}
	return found
}

func (s *Server) listRanges(*call) (any, error) {
	views := []any{}
	for _, r := range s.rangesOf(0) {
		views = append(views, map[string]any{"range": r.Range, "prefix": r.Prefix, "region": r.Region, "route_target": r.RouteTarget})
	}
	return list{items: views}, nil
}

func (s *Server) createRange(c *call) (any, error) {
	var r struct {
		LinodeID    int    `json:"linode_id"`
		Prefix      int    `json:"prefix_length"`
		RouteTarget string `json:"route_target"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	for _, i := range s.state.Instances {
		if r.RouteTarget != "" && slaac(i.ID) == r.RouteTarget {
			r.LinodeID = i.ID
		}
	}
	i, err := find(s.state.Instances, r.LinodeID)
	if err != nil {
		return nil, invalid("linode_id", "linode_id or route_target must name a Linode")
	}
	made := &ipv6Range{
		Range: fmt.Sprintf("fd01:0:%x::", s.state.nextID("range")), Prefix: r.Prefix, Region: i.Region,
		RouteTarget: slaac(i.ID), LinodeID: i.ID,
	}
	s.state.Ranges[made.Range] = made
	return map[string]any{"range": fmt.Sprintf("%s/%d", made.Range, made.Prefix), "route_target": made.RouteTarget}, nil
}

func (s *Server) getRange(c *call) (any, error) {
	r, ok := s.state.Ranges[c.params["range"]]
	if !ok {
		return nil, errNotFound()
	}
	return map[string]any{"range": r.Range, "prefix": r.Prefix, "region": r.Region, "is_bgp": false, "linodes": []int{r.LinodeID}}, nil
}

func (s *Server) deleteRange(c *call) (any, error) {
	if _, ok := s.state.Ranges[c.params["range"]]; !ok {
		return nil, errNotFound()
	}
	delete(s.state.Ranges, c.params["range"])
	return none{}, nil
}

// listVLANs derives the VLANs from the interfaces that name them.
func (s *Server) listVLANs(*call) (any, error) {
	type vlanKey struct{ region, label string }
	linodes, created := map[vlanKey][]int{}, map[vlanKey]string{}
	for _, i := range sorted(s.state.Instances) {
		for _, config := range i.Configs {
			for _, face := range config.Interfaces {
				if face.Purpose != "vlan" {
					continue
				}
				key := vlanKey{i.Region, *face.Label}
				if !slices.Contains(linodes[key], i.ID) {
					linodes[key] = append(linodes[key], i.ID)
				}
				if created[key] == "" {
					created[key] = i.Created
				}
			}
		}
	}
	views := []map[string]any{}
	for key, ids := range linodes {
		views = append(views, map[string]any{"label": key.label, "region": key.region, "linodes": ids, "created": created[key]})
	}
	sortBy(views, "label", false)
	return list{items: views}, nil
}
