package linodeprovider

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func testBlock() *tfprotov6.SchemaBlock {
	return &tfprotov6.SchemaBlock{
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "id", Type: tftypes.String, Computed: true},
			{Name: "label", Type: tftypes.String, Required: true},
			{Name: "mode", Type: tftypes.String, Optional: true, Computed: true},
			{Name: "size", Type: tftypes.Number, Optional: true, Computed: true},
			{Name: "status", Type: tftypes.String, Computed: true},
			{Name: "secret", Type: tftypes.String, Optional: true, WriteOnly: true},
		},
		BlockTypes: []*tfprotov6.SchemaNestedBlock{{
			TypeName: "part", Nesting: tfprotov6.SchemaNestedBlockNestingModeList,
			Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
				{Name: "name", Type: tftypes.String, Required: true},
				{Name: "number", Type: tftypes.Number, Computed: true},
			}},
		}},
	}
}

func TestPlan(t *testing.T) {
	rules := behavior{defaults: map[string]any{"mode": "accept"}, volatile: []string{"status"}}
	part := func(name string, number any) object { return object{"name": name, "number": number} }
	prior := object{
		"id": "1", "label": "a", "mode": "accept", "size": int64(3), "status": "UP", "secret": nil,
		"part": []any{part("x", int64(7))},
	}
	config := func(changes object) object {
		return object{
			"id": nil, "label": "a", "mode": nil, "size": nil, "status": nil, "secret": "hidden", "part": []any{part("x", nil)},
		}.with(changes)
	}
	tests := []struct {
		name          string
		config, prior object
		want          object
	}{
		{"create", config(nil), nil, object{
			"id": unknown{}, "label": "a", "mode": "accept", "size": unknown{}, "status": unknown{}, "secret": nil,
			"part": []any{part("x", unknown{})},
		}},
		{"nothing changes", config(nil), prior, prior},
		{"update makes volatile attributes unknown", config(object{"label": "b"}), prior, prior.with(object{"label": "b", "status": unknown{}})},
		{"a default is restored", config(nil), prior.with(object{"mode": "drain"}), prior.with(object{"status": unknown{}})},
		{"a new block has unknown parts", config(object{"part": []any{part("x", nil), part("y", nil)}}), prior, prior.with(object{
			"part": []any{part("x", int64(7)), part("y", unknown{})}, "status": unknown{},
		})},
		{"unknown stays unknown", config(object{"label": unknown{}}), prior, prior.with(object{"label": unknown{}, "status": unknown{}})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, plan(rules, testBlock(), test.config, test.prior)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLegacyPlanTakesZeroForAbsent(t *testing.T) {
	rules := behavior{legacy: true, computedBlocks: []string{"part"}}
	prior := object{"id": "1", "label": "", "mode": "", "size": int64(3), "status": "", "secret": nil, "part": []any{object{"name": "x", "number": int64(1)}}}
	config := object{"label": "", "part": []any{}}
	if diff := cmp.Diff(prior, plan(rules, testBlock(), config, prior)); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestReplacementsNameWhatDiffers(t *testing.T) {
	rules := behavior{replace: []string{"region", "image"}}
	got := replacements(rules, object{"region": "a", "image": "x", "label": "l"}, object{"region": "a", "image": unknown{}, "label": "m"})
	if diff := cmp.Diff([]string{"image"}, got); diff != "" {
		t.Errorf("replacements (-want +got):\n%s", diff)
	}
}

func TestSettledKeepsWhatWasPlanned(t *testing.T) {
	planned := object{"id": unknown{}, "label": "a", "tags": nil, "part": []any{object{"name": "x", "number": unknown{}}}}
	answered := object{"id": "7", "label": "other", "tags": []any{}, "part": []any{object{"name": "y", "number": int64(2)}}}
	want := object{"id": "7", "label": "a", "tags": nil, "part": []any{object{"name": "x", "number": int64(2)}}}
	if diff := cmp.Diff(any(want), settled(planned, answered)); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
}

func TestValuesSurviveTheProtocol(t *testing.T) {
	schema := &tfprotov6.Schema{Block: testBlock()}
	want := object{"id": unknown{}, "label": "quote \" and newline \n", "mode": nil, "size": int64(1 << 40), "status": "", "secret": nil, "part": []any{object{"name": "x", "number": 0.5}}}
	encoded, err := encode(want, schema)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(encoded, schema)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decode(encode()) (-want +got):\n%s", diff)
	}
	if _, err := encode(object{"lable": "typo"}, schema); err == nil {
		t.Error("an attribute that the schema does not have must be refused")
	}
}

func TestImportIdentifiers(t *testing.T) {
	parse := parentsAndID("nodebalancer_id", "config_id")
	got, err := parse("1, 2,3")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(object{"nodebalancer_id": int64(1), "config_id": int64(2), "id": "3"}, got); diff != "" {
		t.Errorf("identifier (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "1,2", "1,2,x", "1,2,3,4"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("identifier %q must be refused", bad)
		}
	}
}

func TestFilters(t *testing.T) {
	regions := []any{
		object{"id": "a", "capabilities": []any{"Linodes", "Vlans"}}, object{"id": "b", "capabilities": []any{"Linodes"}}, object{"id": "ab", "capabilities": []any{}},
	}
	filter := func(name, how string, values ...any) object {
		return object{"filter": []any{object{"name": name, "match_by": how, "values": values}}, "order_by": "id", "order": "desc"}
	}
	tests := []struct {
		config object
		want   []string
	}{
		{filter("capabilities", "", "Linodes"), []string{"b", "a"}},
		{filter("id", "substring", "b"), []string{"b", "ab"}},
		{filter("id", "regex", "^a"), []string{"ab", "a"}},
		{object{}, []string{"a", "b", "ab"}},
	}
	for _, test := range tests {
		matching, err := filtered(test.config, regions)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, region := range matching {
			got = append(got, region.(object).str("id"))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.config, diff)
		}
	}
	if _, err := filtered(filter("nothing", "", "x"), regions); err == nil {
		t.Error("a filter by an attribute that does not exist must be refused")
	}
}
