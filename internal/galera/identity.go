package galera

import (
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// The details of a marker.
const (
	// detailUUID is the cluster's UUID, beside the one in Terraform's state.
	detailUUID = "uuid"
	// detailVolume says that the data directory is a file system of its own.
	detailVolume = "volume"
)

// plainMarker is the marker before anything is known of the cluster.
func (s Spec) plainMarker() host.Marker { return host.Marker{Kind: "galera", Name: s.Name} }

func (s Spec) marker() host.File {
	return s.plainMarker().File()
}

// markerOf is the marker as it should be on a node, by what was seen of it.
func (s Spec) markerOf(seen NodeStatus, uuid string) host.File {
	marker := s.plainMarker()
	marker.Detail = map[string]string{}
	if uuid != "" {
		marker.Detail[detailUUID] = uuid
	}
	if seen.Mount.Running() || seen.virgin() && seen.Marker.Detail[detailVolume] != "" {
		marker.Detail[detailVolume] = "yes"
	}
	return marker.File()
}

// parseMarker reads a marker; one that cannot be read says nothing, and differs.
func parseMarker(content string) host.Marker {
	var marker host.Marker
	if err := json.Unmarshal([]byte(content), &marker); err != nil {
		return host.Marker{}
	}
	return marker
}

// markerStep puts the marker in place. That it now has what became known of the
// cluster is bookkeeping and nothing to tell.
func (s Spec) markerStep(node string, seen NodeStatus, uuid string) []Step {
	wanted := s.markerOf(seen, uuid)
	difference := wanted.Difference(seen.Files[wanted.Path])
	if difference == "" {
		return nil
	}
	known := s.plainMarker()
	known.Detail = maps.Clone(seen.Marker.Detail)
	maps.DeleteFunc(known.Detail, func(key, _ string) bool { return key != detailUUID && key != detailVolume })
	if seen.Ours && known.File().Difference(seen.Files[wanted.Path]) == "" {
		difference = ""
	}
	return []Step{stepWriteFile(node, wanted, difference)}
}

func stepWriteFile(node string, file host.File, why string) Step {
	return Step{Node: node, Title: "write " + path.Base(file.Path), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, file) }}
}

// history is the UUID to remember: the one that is known, or that of the cluster
// that serves.
func (s Spec) history(status Status) string {
	if s.UUID != "" {
		return s.UUID
	}
	for _, name := range status.where(NodeStatus.primary) {
		return status.Nodes[name].Wsrep.UUID
	}
	return ""
}

// identified returns the spec with the cluster's identity: what Terraform's state
// does not know any more, the markers do.
func (s Spec) identified(status Status) (Spec, error) {
	for _, name := range status.names() {
		uuid := status.Nodes[name].Marker.Detail[detailUUID]
		switch {
		case uuid == "" || uuid == s.UUID:
		case s.UUID == "":
			s.UUID = uuid
		default:
			return s, &reconcile.RefusedError{
				What: "change a cluster with another history", Node: name,
				Evidence: append(status.table(), "the cluster had the UUID "+s.UUID, "the marker of "+name+" has the UUID "+uuid),
				Remedy:   "Put the right machine or the right disk in its place. If the cluster was built anew on purpose, see that " + s.marker().Path + " on every node has its UUID.",
			}
		}
	}
	return s, nil
}

// refuse looks for data that is not ours and for more than one history.
func (s Spec) refuse(status Status) error {
	for _, name := range status.names() {
		node := status.Nodes[name]
		if node.Err != nil {
			continue
		}
		if err := node.Facts.Supported(name); err != nil {
			return err
		}
		if foreign := s.foreign(node); len(foreign) > 0 && !s.holdsOurData(name, node) {
			return &reconcile.RefusedError{
				What: "use the data directory " + dataDirectory, Node: name, Evidence: foreign,
				Remedy: "This release takes over no cluster that it has not built. To build a new one, move the directory away on the node.",
			}
		}
	}
	if uuids := status.UUIDs(); len(uuids) > 1 {
		return &reconcile.RefusedError{
			What: "change a cluster with two histories", Evidence: status.table(),
			Remedy: "Decide which history is the right one. " + takeTheOthers,
		}
	} else if len(uuids) == 1 && s.UUID != "" && uuids[0] != s.UUID {
		return &reconcile.RefusedError{
			What: "change a cluster with another history", Evidence: append(status.table(), "the cluster had the UUID "+s.UUID),
			Remedy: "Put the data directories back. If somebody built the cluster anew on purpose, write its UUID into " + s.marker().Path + " on every node, remove the resource from Terraform's state and apply again, which takes it over by its markers.",
		}
	}
	if split := status.split(); split != "" {
		return &reconcile.RefusedError{
			What: "change a cluster that has fallen apart", Evidence: append([]string{split}, status.table()...),
			Remedy: "Each part may have data that the other does not have. Decide which one goes on. " + takeTheOthers,
		}
	}
	return nil
}

// foreign lists what makes a node's data somebody else's; nothing if it is ours.
func (s Spec) foreign(node NodeStatus) []string {
	if node.Ours || s.Adopt {
		return nil
	}
	uuid := node.Saved.UUID
	if node.primary() {
		uuid = node.Wsrep.UUID
	}
	if s.UUID != "" && uuid == s.UUID {
		return nil
	}
	var evidence []string
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
	if len(evidence) > 0 {
		evidence = append(evidence, "there is no marker of this cluster at "+s.marker().Path)
	}
	return evidence
}
