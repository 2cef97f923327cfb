package linodeprovider

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/contract"
)

// TestServedSchemaIsTheContract compares what the server offers with the
// contract, attribute by attribute, both written in the contract's notation.
func TestServedSchemaIsTheContract(t *testing.T) {
	server, err := New()
	if err != nil {
		t.Fatal(err)
	}
	served, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		ProviderSchemas map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.Unmarshal(contract.ProviderSchema(), &want); err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"provider":            schemaJSON(t, served.Provider),
		"resource_schemas":    schemasJSON(t, served.ResourceSchemas),
		"data_source_schemas": schemasJSON(t, served.DataSourceSchemas),
	}
	if diff := cmp.Diff(want.ProviderSchemas[Source], plainJSON(t, got)); diff != "" {
		t.Errorf("the served schema differs from the contract (-contract +served):\n%s", diff)
	}
}

func TestTablesNameOnlyWhatTheContractHas(t *testing.T) {
	server, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for name, handler := range server.resources {
		schema, known := server.schemas.resources[name]
		if !known {
			t.Errorf("the contract has no resource %s", name)
			continue
		}
		object := schema.ValueType().String()
		for _, attribute := range append(append([]string{}, handler.replace...), handler.volatile...) {
			if !bytes.Contains([]byte(object), []byte(`"`+attribute+`"`)) {
				t.Errorf("%s has no attribute %s", name, attribute)
			}
		}
	}
	for name := range server.dataSources {
		if _, known := server.schemas.dataSources[name]; !known {
			t.Errorf("the contract has no data source %s", name)
		}
	}
}

func plainJSON(t *testing.T, v any) map[string]any {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(encoded, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func schemasJSON(t *testing.T, in map[string]*tfprotov6.Schema) map[string]any {
	t.Helper()
	out := map[string]any{}
	for name, schema := range in {
		out[name] = schemaJSON(t, schema)
	}
	return out
}

func schemaJSON(t *testing.T, s *tfprotov6.Schema) map[string]any {
	t.Helper()
	return map[string]any{"version": s.Version, "block": blockJSON(t, s.Block)}
}

func blockJSON(t *testing.T, b *tfprotov6.SchemaBlock) map[string]any {
	t.Helper()
	out := map[string]any{}
	if len(b.Attributes) > 0 {
		out["attributes"] = attributesJSON(t, b.Attributes)
	}
	blocks := map[string]any{}
	for _, nested := range b.BlockTypes {
		entry := map[string]any{"block": blockJSON(t, nested.Block)}
		modes := []string{"", "single", "list", "set", "map", "group"}
		entry["nesting_mode"] = modes[nested.Nesting]
		setIf(entry, "min_items", nested.MinItems, nested.MinItems > 0)
		setIf(entry, "max_items", nested.MaxItems, nested.MaxItems > 0)
		blocks[nested.TypeName] = entry
	}
	setIf(out, "block_types", blocks, len(blocks) > 0)
	setIf(out, "deprecated", true, b.Deprecated)
	return out
}

func attributesJSON(t *testing.T, in []*tfprotov6.SchemaAttribute) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, a := range in {
		entry := map[string]any{}
		setIf(entry, "required", true, a.Required)
		setIf(entry, "optional", true, a.Optional)
		setIf(entry, "computed", true, a.Computed)
		setIf(entry, "sensitive", true, a.Sensitive)
		setIf(entry, "deprecated", true, a.Deprecated)
		setIf(entry, "write_only", true, a.WriteOnly)
		if a.NestedType != nil {
			modes := []string{"", "single", "list", "set", "map"}
			entry["nested_type"] = map[string]any{
				"attributes": attributesJSON(t, a.NestedType.Attributes), "nesting_mode": modes[a.NestedType.Nesting],
			}
		} else {
			encoded, err := a.Type.MarshalJSON() //nolint:staticcheck // the contract's own notation
			if err != nil {
				t.Fatal(err)
			}
			entry["type"] = json.RawMessage(encoded)
		}
		out[a.Name] = entry
	}
	return out
}

func setIf(m map[string]any, name string, value any, condition bool) {
	if condition {
		m[name] = value
	}
}
