package galera

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// dataMount is systemd's name for a file system of its own at the data directory,
// whether it comes from /etc/fstab, a unit or a command.
const dataMount = "var-lib-mysql.mount"

func askMount(Spec, string) tier.Questions { return tier.Questions{Units: []string{dataMount}} }

func readMount(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Mount = answers.Units[dataMount]
}

// errNotMounted is what is known of a node whose data is elsewhere.
var errNotMounted = errors.New("its data is not mounted")

// withoutMounts takes nodes out of the status whose data directory is not the
// one that it was, or should be: a state transfer would fill the disk below it. The
// others go on; the refusal comes after. A machine that leaves needs its data no more
// once others serve.
func withoutMounts(spec Spec, status Status) (Status, error) {
	marker := markerPath(spec.Name)
	serves := len(status.where(NodeStatus.primary)) > 0
	volumes := status.where(func(n NodeStatus) bool { return n.Err == nil && n.Mount.Running() })
	var evidence []string
	nodes := maps.Clone(status.Nodes)
	for _, name := range status.names() {
		node := status.Nodes[name]
		why := ""
		switch {
		case node.Err != nil || node.Mount.Running() || node.primary() || serves && spec.lets(name):
		case node.Mount.Load == "loaded":
			why = "the machine knows a file system for it that is " + node.Mount.Active
		case !node.unused():
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
	return status.with(nodes), &reconcile.RefusedError{
		What: "use a data directory that is not mounted", Evidence: slices.Clip(evidence),
		Remedy: "Mount it and apply again. If the data is to lie on the machine's own disk from now on, take the file system out of /etc/fstab and the word volume out of " + marker + ".",
	}
}
