package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// dataDeviceAttribute is the device that a node's data lies on. Where it is mounted
// is the resource's own sentence.
func dataDeviceAttribute(mounted string) schema.Attribute {
	return schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Path of a block device on this machine for the data, preferably below `/dev/disk/by-id`, such as `filesystem_path` " +
			"of a Linode volume. " + mounted +
			" A blank device, one that was never written to, is formatted with XFS. The UUID of the file system records which node " +
			"it belongs to, so it is mounted again on any machine of this node. It grows with the device. A device with any other " +
			"content is refused, and so is a directory that is not empty, because data is not moved. Default: none; the data is on " +
			"the file system of the directory.",
	}
}

// devicesTaken lists nodes that are to have no device any more: their data is on it,
// and a volume of a module would be deleted in the same apply.
func devicesTaken(planned, prior *cluster.Shared) []tier.Problem {
	var problems []tier.Problem
	now, before := dataDevices(planned), dataDevices(prior)
	for _, node := range planned.DeclaredNodes() {
		name := node.Name
		_, has := now[name]
		if device, had := before[name]; had && !has {
			problems = append(problems, tier.Problem{Path: []string{"nodes", name, "data_device"}, Message: fmt.Sprintf(
				"the data of %s lies on %s, and this release does not move it to another place; leave data_device as it is", name, device)})
		}
	}
	return problems
}

// dataDevices returns the devices that are given for nodes; one that is not known
// yet is empty.
func dataDevices(m *cluster.Shared) map[string]string { return ofNodes(m, "data_device") }

// ofNodes returns an attribute of the nodes that have it; a value that is not known
// yet is empty.
func ofNodes(m *cluster.Shared, attribute string) map[string]string {
	values := map[string]string{}
	for name, value := range m.Nodes.Elements() {
		node, ok := value.(types.Object)
		if !ok {
			continue
		}
		if given, ok := node.Attributes()[attribute].(types.String); ok && !given.IsNull() {
			values[name] = given.ValueString()
		}
	}
	return values
}
