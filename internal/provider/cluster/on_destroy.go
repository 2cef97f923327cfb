package cluster

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// OnDestroyName is the name of the attribute.
const OnDestroyName = "on_destroy"

const (
	destroyKeep = "keep"
	destroyWipe = "wipe"
)

// OnDestroyAttribute is the attribute of resources that leave data on their machines.
// What destroying does to the data is the resource's own sentence.
func OnDestroyAttribute(effect string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString(destroyKeep),
		MarkdownDescription: effect + " Apply the change before running terraform destroy.",
		Validators:          []validator.String{stringvalidator.OneOf(destroyKeep, destroyWipe)},
	}
}

// DataChoice is the part of a model of what leaves data on its machines.
type DataChoice struct {
	OnDestroy types.String `tfsdk:"on_destroy"`
}

// onDestroy lets the verbs have this part of every model that embeds it.
func (d *DataChoice) onDestroy() *types.String { return &d.OnDestroy }

// hasDataChoice is a model that embeds [DataChoice].
type hasDataChoice interface {
	onDestroy() *types.String
}

// wipes reports whether destroying takes the data of a model too.
func wipes(model any) bool {
	choice, has := model.(hasDataChoice)
	return has && choice.onDestroy().ValueString() == destroyWipe
}

// keepData lets no destroy wipe data.
func keepData(model any) {
	if choice, has := model.(hasDataChoice); has {
		*choice.onDestroy() = types.StringValue(destroyKeep)
	}
}
