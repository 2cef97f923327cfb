package gluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var blameScript = shell.Embedded(scripts, "blame")

// waitVouched waits until every other member of a node's set is served and has
// nothing to be healed but on that node. The empty brick counts for the majority as
// soon as it is in, so nothing may depend on what the lost one knew.
func waitVouched(spec Spec, node host.Node) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		var others []string
		for _, other := range spec.set(node) {
			if other != node {
				others = append(others, other.Name)
			}
		}
		return watch{
			limit: healLimit, what: "the other bricks of the set to have all files",
			reason: func(status Status) string { return processReason(status, others) },
			client: clientWatch{interval: healInterval, reason: func(status Status) string {
				for _, name := range status.Names() {
					if status.Nodes[name].AskedAsClient {
						if reason := serveReason(spec, status, []string{name}, others); reason != "" {
							return reason
						}
						return blameReason(ctx, hosts, spec, others, spec.brick(node))
					}
				}
				return noClient
			}},
		}.wait(ctx, hosts.Views(), spec)
	}
}

// blameReason says which brick has entries that are to be healed on another one than
// the lost brick.
func blameReason(ctx context.Context, hosts host.Hosts, spec Spec, others []string, lost string) string {
	for _, name := range others {
		result, err := hosts[name].Run(ctx, shell.Script(blameScript, volumeFile(spec.Name), spec.pathOf(name), lost))
		if err != nil {
			return fmt.Sprintf("cannot look for what is to be healed on %s: %v", name, err)
		}
		count, err := strconv.Atoi(strings.TrimSpace(string(result.Stdout)))
		switch {
		case err != nil:
			return fmt.Sprintf("what is to be healed on %s cannot be read: %q", name, result.Stdout)
		case count > 0:
			return fmt.Sprintf("%d entries of %s are still to be healed on others than the lost brick", count, name)
		}
	}
	return ""
}

// volumeFile is what clients in the pool mount the volume by.
func volumeFile(volume string) string {
	return "/var/lib/glusterd/vols/" + volume + "/trusted-" + volume + ".tcp-fuse.vol"
}
