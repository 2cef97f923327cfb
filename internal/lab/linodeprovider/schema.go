package linodeprovider

import (
	"encoding/json"
	"fmt"
	"sort"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Source is the address under which Terraform knows the provider.
const Source = "registry.terraform.io/linode/linode"

// schemas is the whole contract in protocol form.
type schemas struct {
	provider    *tfprotov6.Schema
	resources   map[string]*tfprotov6.Schema
	dataSources map[string]*tfprotov6.Schema
}

// The json types mirror the output format of `terraform providers schema -json`.
type (
	jsonDocument struct {
		ProviderSchemas map[string]struct {
			Provider    jsonSchema            `json:"provider"`
			Resources   map[string]jsonSchema `json:"resource_schemas"`
			DataSources map[string]jsonSchema `json:"data_source_schemas"`
		} `json:"provider_schemas"`
	}
	jsonSchema struct {
		Version int64     `json:"version"`
		Block   jsonBlock `json:"block"`
	}
	jsonBlock struct {
		Attributes map[string]jsonAttribute   `json:"attributes"`
		BlockTypes map[string]jsonNestedBlock `json:"block_types"`
		Deprecated bool                       `json:"deprecated"`
	}
	jsonAttribute struct {
		Type       json.RawMessage `json:"type"`
		NestedType *struct {
			Attributes  map[string]jsonAttribute `json:"attributes"`
			NestingMode string                   `json:"nesting_mode"`
		} `json:"nested_type"`
		Required   bool `json:"required"`
		Optional   bool `json:"optional"`
		Computed   bool `json:"computed"`
		Sensitive  bool `json:"sensitive"`
		Deprecated bool `json:"deprecated"`
		WriteOnly  bool `json:"write_only"`
	}
	jsonNestedBlock struct {
		NestingMode string    `json:"nesting_mode"`
		Block       jsonBlock `json:"block"`
		MinItems    int64     `json:"min_items"`
		MaxItems    int64     `json:"max_items"`
	}
)

func parseSchemas(document []byte) (*schemas, error) {
	var doc jsonDocument
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("cannot decode the provider contract: %w", err)
	}
	in, ok := doc.ProviderSchemas[Source]
	if !ok {
		return nil, fmt.Errorf("cannot find provider %s in the contract", Source)
	}
	out := &schemas{resources: map[string]*tfprotov6.Schema{}, dataSources: map[string]*tfprotov6.Schema{}}
	var err error
	if out.provider, err = in.Provider.protocol(); err != nil {
		return nil, err
	}
	if err := convertAll(in.Resources, out.resources); err != nil {
		return nil, err
	}
	return out, convertAll(in.DataSources, out.dataSources)
}

func convertAll(in map[string]jsonSchema, out map[string]*tfprotov6.Schema) error {
	for name, schema := range in {
		converted, err := schema.protocol()
		if err != nil {
			return fmt.Errorf("cannot convert the schema of %s: %w", name, err)
		}
		out[name] = converted
	}
	return nil
}

func (s jsonSchema) protocol() (*tfprotov6.Schema, error) {
	block, err := s.Block.protocol()
	return &tfprotov6.Schema{Version: s.Version, Block: block}, err
}

func (b jsonBlock) protocol() (*tfprotov6.SchemaBlock, error) {
	attributes, err := convertAttributes(b.Attributes)
	if err != nil {
		return nil, err
	}
	out := &tfprotov6.SchemaBlock{Attributes: attributes, Deprecated: b.Deprecated}
	for _, name := range sortedKeys(b.BlockTypes) {
		nested, err := b.BlockTypes[name].protocol(name)
		if err != nil {
			return nil, err
		}
		out.BlockTypes = append(out.BlockTypes, nested)
	}
	return out, nil
}

func (b jsonNestedBlock) protocol(name string) (*tfprotov6.SchemaNestedBlock, error) {
	modes := map[string]tfprotov6.SchemaNestedBlockNestingMode{
		"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
		"list":   tfprotov6.SchemaNestedBlockNestingModeList,
		"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
		"map":    tfprotov6.SchemaNestedBlockNestingModeMap,
		"group":  tfprotov6.SchemaNestedBlockNestingModeGroup,
	}
	mode, ok := modes[b.NestingMode]
	if !ok {
		return nil, fmt.Errorf("block %s has the unknown nesting mode %q", name, b.NestingMode)
	}
	block, err := b.Block.protocol()
	return &tfprotov6.SchemaNestedBlock{TypeName: name, Block: block, Nesting: mode, MinItems: b.MinItems, MaxItems: b.MaxItems}, err
}

func convertAttributes(in map[string]jsonAttribute) ([]*tfprotov6.SchemaAttribute, error) {
	var out []*tfprotov6.SchemaAttribute
	for _, name := range sortedKeys(in) {
		attribute, err := in[name].protocol(name)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		out = append(out, attribute)
	}
	return out, nil
}

func (a jsonAttribute) protocol(name string) (*tfprotov6.SchemaAttribute, error) {
	out := &tfprotov6.SchemaAttribute{
		Name: name, Required: a.Required, Optional: a.Optional, Computed: a.Computed,
		Sensitive: a.Sensitive, Deprecated: a.Deprecated, WriteOnly: a.WriteOnly,
	}
	if a.NestedType == nil {
		var err error
		out.Type, err = tftypes.ParseJSONType(a.Type) //nolint:staticcheck // the only public parser of this notation
		return out, err
	}
	modes := map[string]tfprotov6.SchemaObjectNestingMode{
		"single": tfprotov6.SchemaObjectNestingModeSingle,
		"list":   tfprotov6.SchemaObjectNestingModeList,
		"set":    tfprotov6.SchemaObjectNestingModeSet,
		"map":    tfprotov6.SchemaObjectNestingModeMap,
	}
	mode, ok := modes[a.NestedType.NestingMode]
	if !ok {
		return nil, fmt.Errorf("unknown nesting mode %q", a.NestedType.NestingMode)
	}
	attributes, err := convertAttributes(a.NestedType.Attributes)
	out.NestedType = &tfprotov6.SchemaObject{Attributes: attributes, Nesting: mode}
	return out, err
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
