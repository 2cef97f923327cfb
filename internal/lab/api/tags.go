package api

import (
	"maps"
	"slices"
)

func (s *Server) tagRoutes() []route {
	return []route{
		{method: "GET", path: "/tags", handler: s.listTags},
		{method: "POST", path: "/tags", handler: s.createTag},
		{method: "GET", path: "/tags/{tagLabel}", handler: s.listTagged},
		{method: "DELETE", path: "/tags/{tagLabel}", handler: s.deleteTag},
	}
}

// routes is the whole API.
func (s *Server) routes() []route {
	return slices.Concat(
		s.accountRoutes(), s.eventRoutes(), s.catalogRoutes(), s.instanceRoutes(), s.configRoutes(), s.balancerRoutes(),
		s.placementRoutes(), s.firewallRoutes(), s.networkRoutes(), s.vpcRoutes(), s.tagRoutes(),
		s.lockRoutes(), s.backupRoutes(), s.volumeRoutes(),
	)
}

func (s *Server) rememberTag(label string) {
	if _, ok := s.state.Tags[label]; !ok {
		s.state.Tags[label] = s.timestamp()
	}
}

// tagLists are the tags of all objects that can have them.
func (s *Server) tagLists() []*[]string {
	var lists []*[]string
	for _, i := range s.state.Instances {
		lists = append(lists, &i.Tags)
	}
	for _, b := range s.state.Balancers {
		lists = append(lists, &b.Tags)
	}
	for _, f := range s.state.Firewalls {
		lists = append(lists, &f.Tags)
	}
	for _, v := range s.state.Volumes {
		lists = append(lists, &v.Tags)
	}
	return lists
}

// tags are those made for themselves and those in use.
func (s *Server) tags() []string {
	all := slices.Collect(maps.Keys(s.state.Tags))
	for _, tags := range s.tagLists() {
		all = append(all, *tags...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (s *Server) listTags(*call) (any, error) {
	views := []any{}
	for _, label := range s.tags() {
		views = append(views, map[string]string{"label": label})
	}
	return list{items: views}, nil
}

func (s *Server) createTag(c *call) (any, error) {
	var r struct {
		Label         string `json:"label"`
		Linodes       []int  `json:"linodes"`
		NodeBalancers []int  `json:"nodebalancers"`
		Domains       []int  `json:"domains"`
		Volumes       []int  `json:"volumes"`
	}
	if err := c.decode(&r); err != nil {
		return nil, err
	}
	if len(r.Domains) > 0 {
		return nil, invalid("domains", "the lab has no domains")
	}
	var tagged []*[]string
	for _, id := range r.Linodes {
		i, err := find(s.state.Instances, id)
		if err != nil {
			return nil, invalid("linodes", "Linode %d does not exist", id)
		}
		tagged = append(tagged, &i.Tags)
	}
	for _, id := range r.NodeBalancers {
		b, err := find(s.state.Balancers, id)
		if err != nil {
			return nil, invalid("nodebalancers", "NodeBalancer %d does not exist", id)
		}
		tagged = append(tagged, &b.Tags)
	}
	for _, id := range r.Volumes {
		v, err := s.findVolume(id)
		if err != nil {
			return nil, invalid("volumes", "Volume %d does not exist", id)
		}
		tagged = append(tagged, &v.Tags)
	}
	for _, tags := range tagged {
		if !slices.Contains(*tags, r.Label) {
			*tags = append(*tags, r.Label)
		}
	}
	s.rememberTag(r.Label)
	return map[string]string{"label": r.Label}, nil
}

func (s *Server) listTagged(c *call) (any, error) {
	label := c.params["tagLabel"]
	if !slices.Contains(s.tags(), label) {
		return nil, errNotFound()
	}
	views := []any{}
	for _, i := range sorted(s.state.Instances) {
		if slices.Contains(i.Tags, label) {
			views = append(views, map[string]any{"type": "linode", "data": s.view(i)})
		}
	}
	for _, b := range sorted(s.state.Balancers) {
		if slices.Contains(b.Tags, label) {
			views = append(views, map[string]any{"type": "nodebalancer", "data": b.view()})
		}
	}
	for _, v := range s.volumes() {
		if slices.Contains(v.Tags, label) {
			views = append(views, map[string]any{"type": "volume", "data": s.viewVolume(v)})
		}
	}
	return list{items: views}, nil
}

func (s *Server) deleteTag(c *call) (any, error) {
	label := c.params["tagLabel"]
	if !slices.Contains(s.tags(), label) {
		return nil, errNotFound()
	}
	delete(s.state.Tags, label)
	for _, tags := range s.tagLists() {
		*tags = slices.DeleteFunc(*tags, func(t string) bool { return t == label })
	}
	return none{}, nil
}
