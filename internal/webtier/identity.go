package webtier

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
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

var (
	markersScript = shell.Embedded(scripts, "markers")
	markerScript  = shell.Embedded(scripts, "marker")
)

func askIdentity(s Spec, _ string) tier.Questions {
	return tier.Questions{
		Files: []string{s.marker().Path(), s.wipedNote()},
		Parts: []shell.Part{
			shell.Ask("markers", markersScript, host.MarkerDirectory, markerKind),
			shell.Ask("marker", markerScript, s.marker().Path()),
		},
	}
}

func readIdentity(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	for _, line := range answers.Parts.Lines("markers") {
		name := strings.TrimSuffix(strings.TrimPrefix(line, markerKind+"-"), ".json")
		seen.Markers = append(seen.Markers, name)
	}
	var marker host.Marker
	if json.Unmarshal([]byte(answers.Parts["marker"].Out), &marker) == nil {
		seen.Detail = marker.Detail
	}
}

// belongs reports whether a machine answered and is marked as part of the tier.
func belongs(s Spec, status Status, node string) bool {
	seen, found := status.Nodes[node]
	return found && seen.Reachable() && seen.Files[s.marker().Path()].Exists
}

// refuseForeign refuses machines that belong to another tier or serve sites of
// somebody else.
func refuseForeign(d *draft) error {
	for _, m := range d.machines {
		for _, marker := range m.seen.Markers {
			if marker != d.spec.Name {
				return &reconcile.RefusedError{
					What: "make web tier " + d.spec.Name, Node: m.node.Name,
					Evidence: []string{fmt.Sprintf("it belongs to web tier %s", marker)},
					Remedy:   "Give each web tier machines of its own, or destroy the other one first.",
				}
			}
		}
		if slices.Contains(m.seen.Markers, d.spec.Name) || d.spec.Adopt {
			continue
		}
		if foreign := m.seen.foreignSites(d.spec); len(foreign) > 0 {
			return &reconcile.RefusedError{
				What: "make web tier " + d.spec.Name, Node: m.node.Name,
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

// planMarker marks the machine as part of the tier. Where a removal was interrupted, it
// does not go on.
func planMarker(d *draft, m *machine) {
	file, wiped := d.spec.marker().File(), m.seen.Files[d.spec.wipedNote()].Exists
	p := part{title: "mark as part of web tier " + d.spec.Name, do: writeFiles(file)}
	switch difference := file.Difference(m.seen.Files[file.Path]); {
	case !m.seen.Files[file.Path].Exists:
		p.reasons = []string{"it is not marked as part of web tier " + d.spec.Name}
	case difference != "":
		p.reasons = []string{difference}
	case wiped:
		p.reasons = []string{"its removal from web tier " + d.spec.Name + " was interrupted"}
	}
	if wiped {
		p.do = inOrder(p.do, func(ctx context.Context, h *host.Host) error { return h.RemoveFile(ctx, d.spec.wipedNote()) })
	}
	m.add(p)
}
