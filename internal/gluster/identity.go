package gluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var (
	markerScript   = shell.Embedded(scripts, "marker")
	identityScript = shell.Embedded(scripts, "identity")
)

// markerKind is the tier in the names of markers and packet filters.
const markerKind = "gluster"

// markerBrick and markerOptions are what a marker remembers: the brick's path,
// and the options that this resource set and has to reset when the user no
// longer declares them.
const (
	markerBrick   = "brick"
	markerOptions = "options"
)

// managed is the first line of files that are ours.
const managed = "# Managed by terraform-provider-ha (gluster); changes are reverted.\n"

// marker is what makes a machine's brick ours.
func (s Spec) marker(node string, options []string) host.Marker {
	marker := host.Marker{Kind: markerKind, Name: s.Name, Detail: map[string]string{
		markerBrick:   s.pathOf(node),
		markerOptions: strings.Join(options, ","),
	}}
	if !s.Unfiltered {
		marker.Detail[markerFilter] = filterManaged
	}
	return marker
}

func askIdentity(spec inquiry, _ string) tier.Questions {
	marker := spec.marker("", nil).Path()
	return tier.Questions{Files: []string{marker}, Parts: []shell.Part{
		shell.Ask("marker", markerScript, marker), shell.Ask("identity", identityScript),
	}}
}

func readIdentity(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	seen.Files = answers.Files
	seen.Marker = parseMarker(answers.Parts["marker"].Out)
	seen.UUID = parseIdentity(answers.Parts["identity"].Out, "UUID")
	for line := range strings.Lines(answers.Parts["identity"].Out) {
		if directory, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "aside="); found {
			seen.Aside = append(seen.Aside, directory)
		}
	}
	seen.Version = parseIdentity(answers.Parts["identity"].Out, "operating-version")
}

// parseMarker reads a marker; one that cannot be read is no marker of ours.
func parseMarker(text string) *host.Marker {
	var marker host.Marker
	if json.Unmarshal([]byte(text), &marker) != nil || marker.Kind != markerKind {
		return nil
	}
	return &marker
}

func parseIdentity(text, key string) string {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), key+"="); found {
			return value
		}
	}
	return ""
}

func refuseIdentity(d *draft) error { return firstOf(d.refuseSilence, d.refuseClones) }

func (d *draft) refuseSilence() *reconcile.RefusedError {
	missing := d.missing()
	if len(d.reached) == 0 {
		return &reconcile.RefusedError{What: "change volume " + d.spec.Name, Evidence: unreachable(missing), Remedy: "No machine of the volume answers, so its state is unknown. Make the machines reachable and apply again."}
	}
	if d.absent && len(missing) > 0 {
		return &reconcile.RefusedError{What: "create volume " + d.spec.Name, Evidence: unreachable(missing), Remedy: "A volume is created only when all its machines answer."}
	}
	return nil
}

// refuseClones finds machines that were cloned from one another after glusterd had
// made up its identity: a pool takes them for one.
func (d *draft) refuseClones() *reconcile.RefusedError {
	owner := map[string]string{}
	for _, node := range append(slices.Clone(d.reached), d.guests...) {
		uuid := d.seen(node).UUID
		if uuid == "" {
			continue
		}
		if other, taken := owner[uuid]; taken {
			return &reconcile.RefusedError{
				What: "form a pool", Node: node.Name,
				Evidence: []string{fmt.Sprintf("%s and %s have the same identity %s, as machines cloned from one image do", other, node.Name, uuid)},
				Remedy:   "On the machine that holds no bricks, stop glusterd, remove /var/lib/glusterd/glusterd.info and start it again.",
			}
		}
		owner[uuid] = node.Name
	}
	return nil
}

// marked reports whether a machine remembers this volume as ours.
func (d *draft) marked() bool {
	return slices.ContainsFunc(d.reached, func(node host.Node) bool { return d.ours(d.seen(node)) })
}

func (d *draft) ours(seen Node) bool {
	if seen.Marker == nil || seen.Marker.Name != d.spec.Name {
		return false
	}
	path := seen.Marker.Detail[markerBrick]
	return path == d.spec.BrickPath || slices.Contains(slices.Collect(maps.Values(d.spec.BrickPaths)), path)
}

// markerOf is the marker of a machine. It keeps the note that files are to be spread over
// new sets for as long as they are not.
func (d *draft) markerOf(node string) host.Marker {
	marker := d.spec.marker(node, d.remembered())
	if note := d.spreadNote(); note != "" {
		marker.Detail[markerSpread] = note
	}
	return marker
}

func planMarker(d *draft) error {
	for _, node := range d.preparing() {
		seen, marker := d.seen(node), d.markerOf(node.Name).File()
		if why := marker.Difference(seen.Files[marker.Path]); why != "" && d.brickKnown(node) {
			d.prepare(node, "write the marker", "the "+why+" (marker)", writeFile(node.Name, marker))
		}
	}
	return nil
}
