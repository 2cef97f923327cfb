package provider

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// zeroMeans has the numbers that may be 0, which then says something.
var zeroMeans = map[string]string{
	"arbiter":                       "a set has none",
	"drain_seconds":                 "visitors get no time to leave",
	"wordpress.password_wo_version": "a counter that is only compared",
}

// TestZeroIsNotTakenForNothing holds for the numbers of all resources: a tier's
// spec takes 0 for a number that was left out.
func TestZeroIsNotTakenForNothing(t *testing.T) {
	for name, build := range resourceSchemas() {
		t.Run(name, func(t *testing.T) {
			numbers := numbersOf("", build(t.Context()).Attributes)
			if len(numbers) < 2 {
				t.Fatalf("only %d numbers were found", len(numbers))
			}
			for at, number := range numbers {
				if refused := refusesZero(t.Context(), number); refused == (zeroMeans[at] != "") {
					t.Errorf("%s = 0 is refused: %t", at, refused)
				}
			}
		})
	}
}

func resourceSchemas() map[string]func(context.Context) schema.Schema {
	return map[string]func(context.Context) schema.Schema{
		"floating_ip": floatingIPSchema, "galera_cluster": galeraSchema, "gluster_volume": glusterSchema, "web_tier": webTierSchema,
	}
}

// numbersOf returns the numbers that a user can set, by where they lie.
func numbersOf(below string, attributes map[string]schema.Attribute) map[string]schema.Int64Attribute {
	numbers := map[string]schema.Int64Attribute{}
	for name, attribute := range attributes {
		if attribute.IsComputed() && !attribute.IsOptional() {
			continue
		}
		within := map[string]schema.Attribute{}
		switch attribute := attribute.(type) {
		case schema.Int64Attribute:
			numbers[below+name] = attribute
		case schema.SingleNestedAttribute:
			within = attribute.Attributes
		case schema.MapNestedAttribute:
			within = attribute.NestedObject.Attributes
		}
		maps.Copy(numbers, numbersOf(below+name+".", within))
	}
	return numbers
}

func refusesZero(ctx context.Context, number schema.Int64Attribute) bool {
	var resp validator.Int64Response
	for _, v := range number.Validators {
		v.ValidateInt64(ctx, validator.Int64Request{Path: path.Root("number"), ConfigValue: types.Int64Value(0)}, &resp)
	}
	return resp.Diagnostics.HasError()
}

// TestARangeIsToldOnce has a number outside of its range: the schema refuses it, and
// the tier's own validation, which would say the same, is not heard. Nor is it of
// what only follows from another mistake.
func TestARangeIsToldOnce(t *testing.T) {
	for name, change := range map[string]func(*floatingIPModel){
		"router id":                func(m *floatingIPModel) { m.RouterID = types.Int64Value(256) },
		"advertisement interval":   func(m *floatingIPModel) { m.AdvertisementIntervalSeconds = types.Float64Value(61) },
		"address without a prefix": func(m *floatingIPModel) { m.Address = types.StringValue("10.0.0.100") },
	} {
		model := floatingIPModel{Address: types.StringValue("10.0.0.100/24")}
		change(&model)
		problems := slices.DeleteFunc(model.Validate(t.Context()), func(p tier.Problem) bool { return p.Path[0] == "nodes" })
		want := map[bool]int{true: 1, false: 0}[name == "address without a prefix"]
		if len(problems) != want {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
