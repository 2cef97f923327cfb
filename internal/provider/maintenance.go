package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// maintenanceAttribute takes a node out of service. What that means, and where it is
// refused, are the resource's own sentences.
func maintenanceAttribute(means string, values ...tier.Maintenance) schema.StringAttribute {
	var allowed []string
	for _, value := range values {
		allowed = append(allowed, string(value))
	}
	return schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Takes the node out of service until the attribute is removed, also across reboots. " + means +
			" It is refused where too few other nodes are in service, and a change that would take a further node out of service is refused " +
			"meanwhile. A refresh warns of a node in maintenance. Default: none; the node is in service.",
		Validators: []validator.String{stringvalidator.OneOf(allowed...)},
	}
}

// inMaintenance is what the data sources say of such a node.
const inMaintenance = "`" + tier.RoleMaintenance + "`: is in maintenance, which is not unhealthy of itself."

// maintenanceOf returns how nodes are to be out of service, by name.
func maintenanceOf(m *cluster.Shared) map[string]tier.Maintenance {
	nodes := map[string]tier.Maintenance{}
	for name, how := range ofNodes(m, "maintenance") {
		if how != "" {
			nodes[name] = tier.Maintenance(how)
		}
	}
	return nodes
}
