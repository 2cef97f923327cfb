package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// FullyKnown reports whether nothing in a value waits for another resource.
func FullyKnown(ctx context.Context, value attr.Value) bool {
	raw, err := value.ToTerraformValue(ctx)
	return err == nil && raw.IsFullyKnown()
}

// StringList returns a known list of strings.
func StringList(items []string) types.List {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(item)
	}
	return types.ListValueMust(types.StringType, values)
}

// StringMap returns a known map of strings.
func StringMap(items map[string]string) types.Map {
	values := map[string]attr.Value{}
	for key, item := range items {
		values[key] = types.StringValue(item)
	}
	return types.MapValueMust(types.StringType, values)
}

// StringsOf returns the known strings of a map.
func StringsOf(value types.Map) map[string]string {
	items := map[string]string{}
	for key, element := range value.Elements() {
		if item, ok := element.(types.String); ok && !item.IsUnknown() && !item.IsNull() {
			items[key] = item.ValueString()
		}
	}
	return items
}

// ListOf returns the known strings of a list or set.
func ListOf(value interface{ Elements() []attr.Value }) []string {
	var items []string
	for _, element := range value.Elements() {
		if item, ok := element.(types.String); ok && !item.IsUnknown() && !item.IsNull() {
			items = append(items, item.ValueString())
		}
	}
	return items
}

// ObjectsOf returns the known objects of a map. Values in them may be unknown.
func ObjectsOf[T any](ctx context.Context, value types.Map) map[string]T {
	items := map[string]T{}
	for key, element := range value.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			continue
		}
		var item T
		if diags := object.As(ctx, &item, basetypes.ObjectAsOptions{}); !diags.HasError() {
			items[key] = item
		}
	}
	return items
}

// ObjectOf returns a known object, or nil.
func ObjectOf[T any](ctx context.Context, value types.Object) *T {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	var item T
	if diags := value.As(ctx, &item, basetypes.ObjectAsOptions{}); diags.HasError() {
		return nil
	}
	return &item
}
