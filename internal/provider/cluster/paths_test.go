package cluster

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A map has keys of the user's wherever it is in a schema, also one that is new.
func TestPathsFollowTheSchema(t *testing.T) {
	text := schema.StringAttribute{Optional: true}
	texts := schema.MapAttribute{Optional: true, ElementType: types.StringType}
	paths := pathFinder{of: schema.Schema{Attributes: Attributes(t.Context(), map[string]schema.Attribute{
		"name": text,
		"new":  texts,
		"site": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{"title": text, "labels": texts}},
		"users": schema.MapNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"grants": schema.MapAttribute{Optional: true, ElementType: types.ListType{ElemType: types.StringType}},
		}}},
	}, map[string]schema.Attribute{"settings": texts})}.Type()}
	for want, elements := range map[string][]string{
		"":                                 nil,
		"name":                             {"name"},
		`new["key"]`:                       {"new", "key"},
		"site.title":                       {"site", "title"},
		`site.labels["key"]`:               {"site", "labels", "key"},
		`nodes["name"]`:                    {"nodes", "name"},
		`nodes["db1"].address`:             {"nodes", "db1", "address"},
		`nodes["db1"].settings["key"]`:     {"nodes", "db1", "settings", "key"},
		`users["app"].grants["shop.*"]`:    {"users", "app", "grants", "shop.*"},
		"no_attribute_of_this.schema_ever": {"no_attribute_of_this", "schema_ever"},
	} {
		if got := paths.find(elements).String(); got != want {
			t.Errorf("%q leads to %s, not to %s", elements, got, want)
		}
	}
}
