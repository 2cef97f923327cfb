package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// fullyKnown reports whether nothing in a value waits for another resource.
func fullyKnown(ctx context.Context, value attr.Value) bool {
	raw, err := value.ToTerraformValue(ctx)
	return err == nil && raw.IsFullyKnown()
}

// between and atLeast are the ranges of numbers. A schema says them although a
// tier does too: a tier's spec takes 0 for a number that was left out, so only
// the schema sees a 0 that somebody wrote.
func between(least, most int64) []validator.Int64 {
	return []validator.Int64{int64validator.Between(least, most)}
}

func atLeast(least int64) []validator.Int64 {
	return []validator.Int64{int64validator.AtLeast(least)}
}

// durationValidator accepts what Go reads as a duration, such as "90s".
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return `a duration such as "90s" or "5m"`
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v durationValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if duration, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || duration <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Duration",
			fmt.Sprintf("%s: %q is not %s.", req.Path, req.ConfigValue.ValueString(), v.Description(ctx)))
	}
}

// addressFromHost gives a node's address the value of its host where none is set.
type addressFromHost struct{}

func (addressFromHost) Description(context.Context) string { return "the host, where none is set" }

func (m addressFromHost) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (addressFromHost) PlanModifyString(ctx context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if !req.ConfigValue.IsNull() {
		return
	}
	var sibling types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, req.Path.ParentPath().AtName("host"), &sibling)...)
	resp.PlanValue = sibling
}
