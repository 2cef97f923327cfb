package gluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var blameScript = shell.Embedded(scripts, "blame")

// vouchers are the members of a node's set that have to be whole before its brick is given
// up. Of a dispersed set, others that are dead and are replaced as well are not among them.
func (d *draft) vouchers(node host.Node) []host.Node {
	return slices.DeleteFunc(slices.Clone(d.spec.set(node)), func(other host.Node) bool {
		return other == node || d.spec.dispersed() && d.swapped(other) && d.dead(other)
	})
}

// waitVouched waits until every other member of a node's set is served and has
// nothing to be healed but on that node. The empty brick counts for the majority as
// soon as it is in, so nothing may depend on what the lost one knew.
func waitVouched(spec Spec, node host.Node, vouchers []host.Node) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		others := names(vouchers)
		return watch{
			limit: healLimit, what: "the other bricks of the set to have all files",
			reason: func(status Status) string { return settledReason(status, others) },
			client: clientWatch{interval: healInterval, reason: inTwoLooks(spec, func(status Status) string {
				for _, name := range status.Names() {
					if status.Nodes[name].AskedAsClient {
						if reason := serveReason(spec, status, []string{name}, others); reason != "" {
							return reason
						}
						if spec.dispersed() {
							return cmp.Or(emptyReason(status, vouchers), fragmentReason(ctx, hosts, spec, others))
						}
						return blameReason(ctx, hosts, spec, others, spec.brick(node))
					}
				}
				return noClient
			})},
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
