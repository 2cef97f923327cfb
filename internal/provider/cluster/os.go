package cluster

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func osAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How the systems of the machines are kept up to date. What is due is `drift`: an apply drains one node at a time, installs the updates, reboots the machine, and continues " +
			"with the next node when the cluster is healthy. A refresh goes by the package lists that a machine has; lists that are older than a week are `drift`, and an apply refreshes the lists of each machine " +
			"before it drains it. Packages that somebody has put on hold are not updated, those that this provider holds are. Nothing is done on a node in maintenance, or on a machine that is also a node of another " +
			"tier, except for a floating IP. A machine that does not come back within ten minutes ends the apply. Default: neither updates nor reboots.",
		Attributes: map[string]schema.Attribute{
			"updates": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf(string(host.UpdatesSecurity), string(host.UpdatesAll))},
				MarkdownDescription: "`security`: packages of which an archive for security has a newer version. `all`: every package with a newer version, unless another package would have to be removed. Files of configuration that were changed are " +
					"kept. Default: no updates."},
			"reboot": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf(tier.RebootIfRequired, tier.RebootNever)},
				MarkdownDescription: "`if-required`: a machine is rebooted if a package has asked for it (`/run/reboot-required`), a newer kernel than the running one is installed, or services run with files that " +
					"an update has replaced. `never`: a refresh warns of it. Daemons of the tier that run with replaced files are restarted in either case. Default: `never`."},
		},
	}
}

// SystemOS returns how the systems of the machines are kept up to date.
func (m *Shared) SystemOS() tier.OS {
	attributes := m.OS.Attributes()
	text := func(name string) string { value, _ := attributes[name].(types.String); return value.ValueString() }
	return tier.OS{Updates: host.UpdateKind(text("updates")), Reboot: text("reboot") == tier.RebootIfRequired}
}

// osFaults refuses what would do nothing.
func (m *Shared) osFaults() []tier.Problem {
	if m.OS.IsNull() || m.OS.IsUnknown() {
		return nil
	}
	updates, reboot := m.OS.Attributes()["updates"], m.OS.Attributes()["reboot"]
	if updates.IsNull() && !reboot.IsUnknown() && !m.SystemOS().Reboot {
		return []tier.Problem{{Path: []string{"os"}, Message: "it needs updates, or reboot = \"if-required\", or it does nothing"}}
	}
	return nil
}
