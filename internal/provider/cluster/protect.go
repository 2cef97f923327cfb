package cluster

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// ProtectName is the name of the attribute.
const ProtectName = "protect"

// KeepLimit says where on_destroy = "keep" ends.
const KeepLimit = "A machine that is destroyed in the same run takes its disk with it in either case; see `protect`."

// ProtectAttribute is the attribute of resources that hold data.
func ProtectAttribute() schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
		MarkdownDescription: "Whether to refuse a destroy: a plan that would destroy the resource is an error, and so is an apply that would replace " +
			"it. Machines that `nodes` refers to are kept as well, because Terraform destroys them after the resource; a single " +
			"machine can still be replaced. To destroy the resource, set it to false and apply the change before running terraform " +
			"destroy. Default: false."}
}

// protected refuses to destroy what is protected.
func protected[M any, C tier.Tier, P Model[M, C]](typeName string, state P) diag.Diagnostics {
	g, ok := any(state).(HasProtection)
	if !ok || !g.Protection().ValueBool() {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root(ProtectName), "Resource Is Protected", fmt.Sprintf(
		"ha_%s %q is protected, and destroying or replacing it is refused. Nothing was destroyed, and no machine was contacted.\n\nIf it shall go with its data: set protect to false, apply that, and destroy then. To end its management and leave it running, use a removed block with destroy = false.",
		typeName, state.Label().ValueString()))}
}
