package api

type placementGroup struct {
	ID     int    `json:"id"`
	Label  string `json:"label"`
	Region string `json:"region"`
	Type   string `json:"placement_group_type"`
	Policy string `json:"placement_group_policy"`
}

type groupMember struct {
	LinodeID    int  `json:"linode_id"`
	IsCompliant bool `json:"is_compliant"`
}

// viewGroup shows a group. All members are compliant: the one computer that
// the lab has cannot keep machines apart, and saying so would make every plan
// that asks for compliance fail.
func (s *Server) viewGroup(g *placementGroup) map[string]any {
	members := []groupMember{}
	for _, i := range s.members(g.ID) {
		members = append(members, groupMember{i.ID, true})
	}
	return map[string]any{
		"id": g.ID, "label": g.Label, "region": g.Region, "placement_group_type": g.Type, "placement_group_policy": g.Policy,
		"is_compliant": true, "members": members, "migrations": map[string]any{"inbound": []any{}, "outbound": []any{}},
	}
}

func (s *Server) members(id int) []*instance {
	var members []*instance
	for _, i := range sorted(s.state.Instances) {
		if i.GroupID == id {
			members = append(members, i)
		}
	}
	return members
}

// checkGroup reports whether a group takes that many more Linodes of a region.
func (s *Server) checkGroup(id int, region string, more int) error {
	g, err := find(s.state.Groups, id)
	if err != nil {
		return invalid("placement_group.id", "placement group %d does not exist", id)
	}
	if g.Region != region {
		return invalid("placement_group.id", "the placement group is in %s, not in %s", g.Region, region)
	}
	if len(s.members(id))+more > groupLimit {
		return invalid("placement_group.id", "a placement group takes at most %d Linodes", groupLimit)
	}
	return nil
}

func (g *placementGroup) entity() entity { return entityOf("placement_group", g.ID, g.Label) }

func (s *Server) placementRoutes() []route {
	return []route{
		{method: "GET", path: "/placement/groups", handler: s.listGroups},
		{method: "POST", path: "/placement/groups", handler: s.createGroup},
		{method: "GET", path: "/placement/groups/{groupId}", handler: s.getGroup},
		{method: "PUT", path: "/placement/groups/{groupId}", handler: s.updateGroup},
		{method: "DELETE", path: "/placement/groups/{groupId}", handler: s.deleteGroup},
		{method: "POST", path: "/placement/groups/{groupId}/assign", handler: s.assignGroup},
		{method: "POST", path: "/placement/groups/{groupId}/unassign", handler: s.unassignGroup},
	}
}

func (s *Server) group(c *call) (*placementGroup, error) {
	return find(s.state.Groups, c.id("groupId"))
}

func (s *Server) listGroups(*call) (any, error) {
	views := []any{}
	for _, g := range sorted(s.state.Groups) {
		views = append(views, s.viewGroup(g))
	}
	return list{items: views}, nil
}

func (s *Server) getGroup(c *call) (any, error) {
	g, err := s.group(c)
	if err != nil {
		return nil, err
	}
	return s.viewGroup(g), nil
}

func (s *Server) checkGroupLabel(label string, id int) error {
	for _, other := range s.state.Groups {
		if other.ID != id && other.Label == label {
			return invalid("label", "Must be unique")
		}
	}
	return nil
}

func (s *Server) createGroup(c *call) (any, error) {
	g := &placementGroup{Policy: "strict"}
	if err := c.decode(g); err != nil {
		return nil, err
	}
	if err := checkRegion(g.Region); err != nil {
		return nil, err
	}
	if g.Label == "" {
		return nil, invalid("label", "Label is required")
	}
	if g.Type == "" {
		return nil, invalid("placement_group_type", "placement_group_type is required")
	}
	if err := s.checkGroupLabel(g.Label, 0); err != nil {
		return nil, err
	}
	g.ID = s.state.nextID("placement_group")
	s.state.Groups[g.ID] = g
	s.notify("placement_group_create", g.entity())
	return s.viewGroup(g), nil
}

func (s *Server) updateGroup(c *call) (any, error) {
	g, err := s.group(c)
	if err != nil {
		return nil, err
	}
	changed := *g
	if err := c.decode(&changed); err != nil {
		return nil, err
	}
	if err := s.checkGroupLabel(changed.Label, g.ID); err != nil {
		return nil, err
	}
	g.Label = changed.Label
	s.notify("placement_group_update", g.entity())
	return s.viewGroup(g), nil
}

func (s *Server) deleteGroup(c *call) (any, error) {
	g, err := s.group(c)
	if err != nil {
		return nil, err
	}
	if len(s.members(g.ID)) > 0 {
		return nil, invalid("", "the placement group still has Linodes: unassign them first")
	}
	delete(s.state.Groups, g.ID)
	s.notify("placement_group_delete", g.entity())
	return none{}, nil
}

// groupLinodes finds the Linodes that a request names.
func (s *Server) groupLinodes(c *call) ([]*instance, error) {
	var r struct {
		Linodes []int `json:"linodes"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	var found []*instance
	for _, id := range r.Linodes {
		i, err := find(s.state.Instances, id)
		if err != nil {
			return nil, invalid("linodes", "Linode %d does not exist", id)
		}
		found = append(found, i)
	}
	return found, nil
}

func (s *Server) assignGroup(c *call) (any, error) {
	g, err := s.group(c)
	if err != nil {
		return nil, err
	}
	linodes, err := s.groupLinodes(c)
	if err != nil {
		return nil, err
	}
	for _, i := range linodes {
		if i.GroupID != 0 && i.GroupID != g.ID {
			return nil, invalid("linodes", "Linode %d is already in placement group %d", i.ID, i.GroupID)
		}
		if err := s.checkGroup(g.ID, i.Region, len(linodes)); err != nil {
			return nil, err
		}
	}
	for _, i := range linodes {
		i.GroupID = g.ID
		s.notify("placement_group_assign", g.entity())
	}
	return s.viewGroup(g), nil
}

func (s *Server) unassignGroup(c *call) (any, error) {
	g, err := s.group(c)
	if err != nil {
		return nil, err
	}
	linodes, err := s.groupLinodes(c)
	if err != nil {
		return nil, err
	}
	for _, i := range linodes {
		if i.GroupID != g.ID {
			return nil, invalid("linodes", "Linode %d is not in this placement group", i.ID)
		}
	}
	for _, i := range linodes {
		i.GroupID = 0
		s.notify("placement_group_unassign", g.entity())
	}
	return s.viewGroup(g), nil
}
