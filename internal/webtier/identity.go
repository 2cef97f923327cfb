package webtier

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// markerKind is the kind of this tier in the markers on machines.
const markerKind = "web"

// marker is the file by which a machine is known to belong to the tier.
func (s Spec) marker() host.Marker {
	detail := map[string]string{"document_root": s.DocumentRoot, "port": strconv.Itoa(s.Port), "health_path": s.HealthPath}
	if s.Mount != nil {
		detail["mount_point"], detail["mount_source"], detail["mount_type"] = s.MountPoint, s.Mount.Source, s.Mount.Type
	}
	return host.Marker{Kind: markerKind, Name: s.Name, Detail: detail}
}

// refuseForeign refuses machines that belong to another tier or serve sites of
// somebody else.
func refuseForeign(s Spec, status Status) error {
	for _, node := range s.Nodes {
		seen := status.Nodes[node.Name]
		if !seen.Reachable() {
			continue
		}
		for _, marker := range seen.Markers {
			if marker != s.Name {
				return &reconcile.RefusedError{
					What: "make web tier " + s.Name, Node: node.Name,
					Evidence: []string{fmt.Sprintf("it belongs to web tier %s", marker)},
					Remedy:   "Give each web tier machines of its own, or destroy the other one first.",
				}
			}
		}
		if slices.Contains(seen.Markers, s.Name) || s.Adopt {
			continue
		}
		if foreign := seen.foreignSites(s); len(foreign) > 0 {
			return &reconcile.RefusedError{
				What: "make web tier " + s.Name, Node: node.Name,
				Evidence: []string{fmt.Sprintf("its Apache serves %s, which is not of this tier", strings.Join(foreign, ", "))},
				Remedy:   "Disable the site with a2dissite if nobody needs it, or use other machines.",
			}
		}
	}
	return nil
}

func (n NodeStatus) foreignSites(s Spec) []string {
	var foreign []string
	for _, link := range n.Enabled {
		name, isSite := strings.CutPrefix(link, "sites-enabled/")
		if isSite && name != defaultSite && name != s.apacheName() {
			foreign = append(foreign, strings.TrimSuffix(name, ".conf"))
		}
	}
	return foreign
}

func markerPart(s Spec, seen NodeStatus) part {
	file := s.marker().File()
	p := part{title: "mark as part of web tier " + s.Name, do: writeFiles(file)}
	switch {
	case !seen.Files[file.Path].Exists:
		p.whys = []string{"it is not marked as part of web tier " + s.Name}
	case file.Difference(seen.Files[file.Path]) != "":
		p.whys = []string{file.Difference(seen.Files[file.Path])}
	}
	return p
}
