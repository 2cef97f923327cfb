package galera

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// The details of a marker.
const (
	// detailUUID is the cluster's UUID, beside the one in Terraform's state.
	detailUUID = "uuid"
	// detailVolume says that the data directory is a file system of its own.
	detailVolume = "volume"
)

// plainMarker is the marker of a cluster before anything is known of it.
func plainMarker(cluster string) host.Marker { return host.Marker{Kind: markerKind, Name: cluster} }

// markerKind is the kind of this tier's markers.
const markerKind = "galera"

// markerPath is where the marker of a cluster lies.
func markerPath(cluster string) string { return plainMarker(cluster).File().Path }

func askIdentity(spec Spec, _ string) tier.Questions {
	at := markerPath(spec.Name)
	return tier.Questions{Files: []string{at}, Parts: []shell.Part{shell.Ask("marker", markerScript, at)}}
}

var markerScript = shell.Embedded(scripts, "marker")

func readIdentity(spec Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Ours = answers.Files[markerPath(spec.Name)].Exists
	seen.Marker = parseMarker(answers.Parts["marker"].Out)
}

// parseMarker reads a marker; one that cannot be read says nothing, and differs.
func parseMarker(content string) host.Marker {
	var marker host.Marker
	if err := json.Unmarshal([]byte(content), &marker); err != nil {
		return host.Marker{}
	}
	return marker
}

// knownUUID is the cluster's identity: what Terraform's state does not know any
// more, the markers do.
func knownUUID(declared string, seen Status) string {
	if declared != "" {
		return declared
	}
	for _, name := range seen.names() {
		if uuid := seen.Nodes[name].Marker.Detail[detailUUID]; uuid != "" {
			return uuid
		}
	}
	return ""
}

// refuseOthers looks for data that is not ours and for more than one history.
func refuseOthers(d *draft) error {
	at := markerPath(d.spec.Name)
	goesOn := d.seen.without(d.leftBehind)
	if err := refuseOtherMarkers(d.spec.UUID, at, goesOn); err != nil {
		return err
	}
	for _, name := range d.seen.names() {
		node := d.seen.Nodes[name]
		if node.Err != nil || holdsOurData(d.spec, name, node) {
			continue
		}
		if evidence := foreignData(d.spec, node); len(evidence) > 0 {
			return &reconcile.RefusedError{
				What: "use the data directory " + dataDirectory, Node: name,
				Evidence: append(evidence, "there is no marker of this cluster at "+at),
				Remedy:   "This release takes over no cluster that it has not built. To build a new one, move the directory away on the node.",
			}
		}
	}
	return refuseOtherHistories(d, at, goesOn)
}

func refuseOtherMarkers(uuid, at string, seen Status) error {
	for _, name := range seen.names() {
		if marked := seen.Nodes[name].Marker.Detail[detailUUID]; marked != "" && marked != uuid {
			return &reconcile.RefusedError{
				What: "change a cluster with another history", Node: name,
				Evidence: append(seen.table(), "the cluster had the UUID "+uuid, "the marker of "+name+" has the UUID "+marked),
				Remedy:   "Put the right machine or the right disk in its place. If the cluster was built anew on purpose, see that " + at + " on every node has its UUID.",
			}
		}
	}
	return nil
}

func refuseOtherHistories(d *draft, at string, seen Status) error {
	found, uuid := seen.UUIDs(), d.spec.UUID
	switch {
	case len(found) > 1:
		return &reconcile.RefusedError{
			What: "change a cluster with two histories", Evidence: d.seen.table(), Path: []string{"recovery"},
			Remedy: fmt.Sprintf("Decide which history is the right one, and have the nodes with another one give up their data: save what only they have while they run, stop their servers, and declare %s, "+
				"with a node of the right history and all nodes of the other, and apply again.", d.oneHistory()),
		}
	case len(found) == 1 && uuid != "" && found[0] != uuid:
		return &reconcile.RefusedError{
			What: "change a cluster with another history", Evidence: append(seen.table(), "the cluster had the UUID "+uuid),
			Remedy: "Put the data directories back. If somebody built the cluster anew on purpose, write its UUID into " + at + " on every node, remove the resource from Terraform's state and apply again, which takes it over by its markers.",
		}
	}
	return nil
}

// foreignData lists what makes a node's data somebody else's; nothing if it is ours.
func foreignData(spec Spec, node NodeStatus) []string {
	if node.Ours || spec.Adopt {
		return nil
	}
	uuid := node.Saved.UUID
	if node.primary() {
		uuid = node.Wsrep.UUID
	}
	if spec.UUID != "" && (uuid == spec.UUID || node.Departed == spec.UUID) {
		return nil
	}
	var evidence []string
	if node.Departed != "" {
		evidence = append(evidence, "it left a cluster with UUID "+node.Departed)
	}
	if node.Saved.HasData() {
		evidence = append(evidence, "it belongs to a cluster with UUID "+node.Saved.UUID)
	}
	for _, schema := range node.Schemas {
		evidence = append(evidence, "it holds the database "+schema)
	}
	// A server with another data directory shows its databases only itself.
	for _, schema := range sortedKeys(node.Databases) {
		if !engineDirectory(schema) && !slices.Contains(node.Schemas, schema) {
			evidence = append(evidence, "its server has the database "+schema)
		}
	}
	return evidence
}

// planIdentity puts the markers in place. They come first, so that a run that
// breaks off can be resumed.
func planIdentity(d *draft) error {
	uuid := history(d.spec.UUID, d.status)
	for node, seen := range d.answering() {
		d.prepare.On(node.Name, markerSteps(d.spec.Name, node.Name, seen, uuid)...)
	}
	return nil
}

// history is the UUID to remember: the one that is known, or that of the cluster
// that serves.
func history(known string, status Status) string {
	if known != "" {
		return known
	}
	for _, name := range status.where(NodeStatus.primary) {
		return status.Nodes[name].Wsrep.UUID
	}
	return ""
}

// markerSteps put the marker in place. That it now has what became known of the
// cluster is bookkeeping and nothing to tell.
func markerSteps(cluster, node string, seen NodeStatus, uuid string) []Step {
	wanted := markerOf(cluster, seen, uuid)
	difference := wanted.Difference(seen.Files[wanted.Path])
	if difference == "" {
		return nil
	}
	known := plainMarker(cluster)
	known.Detail = maps.Clone(seen.Marker.Detail)
	maps.DeleteFunc(known.Detail, func(key, _ string) bool { return key != detailUUID && key != detailVolume })
	if seen.Ours && known.File().Difference(seen.Files[wanted.Path]) == "" {
		difference = ""
	}
	return []Step{{Node: node, Title: "write " + path.Base(wanted.Path), Why: difference,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, wanted) }}}
}

// markerOf is the marker as it should be on a node, by what was seen of it.
func markerOf(cluster string, seen NodeStatus, uuid string) host.File {
	marker := plainMarker(cluster)
	marker.Detail = map[string]string{}
	if uuid != "" {
		marker.Detail[detailUUID] = uuid
	}
	if seen.Mount.Running() || seen.unused() && seen.Marker.Detail[detailVolume] != "" {
		marker.Detail[detailVolume] = "yes"
	}
	return marker.File()
}
