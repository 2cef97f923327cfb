package galera

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// dataMount is systemd's name for a file system of its own at the data directory,
// whether it comes from /etc/fstab, a unit or a command.
const dataMount = "var-lib-mysql.mount"

// The details of a marker.
const (
	// detailUUID is the cluster's UUID, beside the one in Terraform's state.
	detailUUID = "uuid"
	// detailVolume says that the data directory is a file system of its own.
	detailVolume = "volume"
)

// plainMarker is the marker before anything is known of the cluster.
func (s Spec) plainMarker() host.Marker { return host.Marker{Kind: "galera", Name: s.Name} }

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

// errNotMounted is what is known of a node whose data is elsewhere.
var errNotMounted = errors.New("its data is not mounted")

// withoutUnmounted takes nodes out of the status whose data directory is not the
// one that it was, or should be: a state transfer would fill the disk below it. The
// others go on; the refusal comes after.
func (s Spec) withoutUnmounted(status Status) (Status, error) {
	volumes := status.where(func(n NodeStatus) bool { return n.Err == nil && n.Mount.Running() })
	var evidence []string
	nodes := maps.Clone(status.Nodes)
	for _, name := range status.names() {
		node := status.Nodes[name]
		why := ""
		switch {
		case node.Err != nil || node.Mount.Running() || node.primary():
		case node.Mount.Load == "loaded":
			why = "the machine knows a file system for it that is " + node.Mount.Active
		case !node.virgin():
		case node.Marker.Detail[detailVolume] != "":
			why = "it was a file system of its own when the node was a member"
		case len(volumes) > 0:
			why = "it is one on " + volumes[0]
		}
		if why != "" {
			evidence = append(evidence, fmt.Sprintf("%s on %s is not mounted: %s", dataDirectory, name, why))
			nodes[name] = NodeStatus{Err: errNotMounted}
		}
	}
	if len(evidence) == 0 {
		return status, nil
	}
	return Status{Nodes: nodes}, &reconcile.RefusedError{
		What: "use a data directory that is not mounted", Evidence: slices.Clip(evidence),
		Remedy: "Mount it and apply again. If the data is to lie on the machine's own disk from now on, take the file system out of /etc/fstab and the word volume out of " + s.marker().Path + ".",
	}
}
