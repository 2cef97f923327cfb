package provider_test

import (
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// attributes are a configuration as Go has it: maps, lists, texts, numbers.
type attributes = map[string]any

// created plays a first apply to the provider without a Terraform, which takes seconds
// for each, and returns what the user is told. It ends at the first errors. Nothing of a
// configuration is written as text, so nothing of its syntax is tested.
func created(t *testing.T, provider attributes, kind string, config attributes, old bool) []*tfprotov6.Diagnostic {
	t.Helper()
	server, err := factories["ha"]()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	of := func(s *tfprotov6.Schema, values any) *tfprotov6.DynamicValue {
		value, err := tfprotov6.NewDynamicValue(s.ValueType(), typed(t, s.ValueType(), values))
		if err != nil {
			t.Fatal(err)
		}
		return &value
	}
	var said []*tfprotov6.Diagnostic
	failed := func(diagnostics []*tfprotov6.Diagnostic, err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, diagnostics...)
		for _, d := range diagnostics {
			if d.Severity == tfprotov6.DiagnosticSeverityError {
				return true
			}
		}
		return false
	}
	block, resource := of(schema.Provider, provider), schema.ResourceSchemas[kind]
	wanted := of(resource, config)
	validated, err := server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: kind, Config: wanted, ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: !old}})
	if failed(validated.Diagnostics, err) {
		return said
	}
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.13.0", Config: block})
	if failed(configured.Diagnostics, err) {
		return said
	}
	nothing := of(resource, nil)
	planned, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: nothing, ProposedNewState: wanted, Config: wanted})
	if failed(planned.Diagnostics, err) {
		return said
	}
	applied, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: nothing, PlannedState: planned.PlannedState, Config: wanted, PlannedPrivate: planned.PlannedPrivate})
	failed(applied.Diagnostics, err)
	return said
}

// typed gives values the types of a schema; what is missing is null.
func typed(t *testing.T, kind tftypes.Type, value any) tftypes.Value {
	t.Helper()
	if value == nil {
		return tftypes.NewValue(kind, nil)
	}
	switch kind := kind.(type) {
	case tftypes.Object:
		fields := map[string]tftypes.Value{}
		for name, of := range kind.AttributeTypes {
			fields[name] = typed(t, of, value.(attributes)[name])
		}
		for name := range value.(attributes) {
			if _, known := fields[name]; !known {
				t.Fatalf("the schema has no attribute %s", name)
			}
		}
		return tftypes.NewValue(kind, fields)
	case tftypes.Map:
		elements := map[string]tftypes.Value{}
		for name, element := range value.(attributes) {
			elements[name] = typed(t, kind.ElementType, element)
		}
		return tftypes.NewValue(kind, elements)
	case tftypes.List:
		var elements []tftypes.Value
		for _, element := range value.([]any) {
			elements = append(elements, typed(t, kind.ElementType, element))
		}
		return tftypes.NewValue(kind, elements)
	case tftypes.Set:
		var elements []tftypes.Value
		for _, element := range value.([]any) {
			elements = append(elements, typed(t, kind.ElementType, element))
		}
		return tftypes.NewValue(kind, elements)
	}
	switch number := value.(type) {
	case int:
		value = big.NewFloat(float64(number))
	case float64:
		value = big.NewFloat(number)
	}
	return tftypes.NewValue(kind, value)
}
