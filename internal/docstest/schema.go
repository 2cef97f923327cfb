package docstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider"
)

// ProviderKey is the address under which tfplugindocs looks for a provider of
// the name "ha" in a schema file, whatever the provider's own address is.
const ProviderKey = "registry.terraform.io/hashicorp/ha"

// The document that `terraform providers schema -json` prints (Terraform's
// manual, "providers schema command"), as far as it is used.
type (
	document struct {
		FormatVersion string                    `json:"format_version"`
		Providers     map[string]providerSchema `json:"provider_schemas"`
	}
	providerSchema struct {
		Provider    schema            `json:"provider"`
		Resources   map[string]schema `json:"resource_schemas"`
		DataSources map[string]schema `json:"data_source_schemas"`
	}
	schema struct {
		Version int64 `json:"version"`
		Block   block `json:"block"`
	}
	block struct {
		Attributes      map[string]attribute `json:"attributes,omitempty"`
		Description     string               `json:"description,omitempty"`
		DescriptionKind string               `json:"description_kind,omitempty"`
		Deprecated      bool                 `json:"deprecated,omitempty"`
	}
	attribute struct {
		Type            json.RawMessage `json:"type,omitempty"`
		NestedType      *nested         `json:"nested_type,omitempty"`
		Description     string          `json:"description,omitempty"`
		DescriptionKind string          `json:"description_kind,omitempty"`
		Deprecated      bool            `json:"deprecated,omitempty"`
		Required        bool            `json:"required,omitempty"`
		Optional        bool            `json:"optional,omitempty"`
		Computed        bool            `json:"computed,omitempty"`
		Sensitive       bool            `json:"sensitive,omitempty"`
		WriteOnly       bool            `json:"write_only,omitempty"`
	}
	nested struct {
		Attributes  map[string]attribute `json:"attributes"`
		NestingMode string               `json:"nesting_mode"`
	}
)

// Schema asks the provider for its schema and returns it as the document that
// `terraform providers schema -json` prints, without Terraform.
func Schema(ctx context.Context) ([]byte, error) {
	server, err := providerserver.NewProtocol6WithError(provider.New("docs")())()
	if err != nil {
		return nil, fmt.Errorf("cannot start the provider: %w", err)
	}
	answer, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("cannot ask the provider for its schema: %w", err)
	}
	for _, diagnostic := range answer.Diagnostics {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError {
			return nil, fmt.Errorf("cannot ask the provider for its schema: %s: %s", diagnostic.Summary, diagnostic.Detail)
		}
	}
	// What is not translated below would be missing from the documentation without
	// anybody noticing.
	if len(answer.Functions)+len(answer.EphemeralResourceSchemas)+len(answer.ListResourceSchemas)+len(answer.ActionSchemas) > 0 {
		return nil, errors.New("cannot document the provider: it has more than resources and data sources")
	}
	found := providerSchema{Resources: map[string]schema{}, DataSources: map[string]schema{}}
	if found.Provider, err = schemaOf(answer.Provider); err != nil {
		return nil, err
	}
	for name, one := range answer.ResourceSchemas {
		if found.Resources[name], err = schemaOf(one); err != nil {
			return nil, fmt.Errorf("cannot document %s: %w", name, err)
		}
	}
	for name, one := range answer.DataSourceSchemas {
		if found.DataSources[name], err = schemaOf(one); err != nil {
			return nil, fmt.Errorf("cannot document the data source %s: %w", name, err)
		}
	}
	return json.MarshalIndent(document{FormatVersion: "1.0", Providers: map[string]providerSchema{ProviderKey: found}}, "", "  ")
}

func schemaOf(s *tfprotov6.Schema) (schema, error) {
	if len(s.Block.BlockTypes) > 0 {
		return schema{}, errors.New("the schema has blocks; only attributes are known here")
	}
	attributes, err := attributesOf(s.Block.Attributes)
	return schema{Version: s.Version, Block: block{
		Attributes: attributes, Description: s.Block.Description,
		DescriptionKind: kindOf(s.Block.DescriptionKind), Deprecated: s.Block.Deprecated,
	}}, err
}

func attributesOf(all []*tfprotov6.SchemaAttribute) (map[string]attribute, error) {
	attributes := map[string]attribute{}
	for _, a := range all {
		one := attribute{
			Description: a.Description, DescriptionKind: kindOf(a.DescriptionKind), Deprecated: a.Deprecated,
			Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
		}
		var err error
		if a.NestedType != nil {
			one.NestedType = &nested{NestingMode: nestings[a.NestedType.Nesting]}
			one.NestedType.Attributes, err = attributesOf(a.NestedType.Attributes)
		} else {
			one.Type, err = json.Marshal(a.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot document attribute %s: %w", a.Name, err)
		}
		attributes[a.Name] = one
	}
	return attributes, nil
}

var nestings = map[tfprotov6.SchemaObjectNestingMode]string{
	tfprotov6.SchemaObjectNestingModeSingle: "single",
	tfprotov6.SchemaObjectNestingModeList:   "list",
	tfprotov6.SchemaObjectNestingModeSet:    "set",
	tfprotov6.SchemaObjectNestingModeMap:    "map",
}

func kindOf(kind tfprotov6.StringKind) string {
	if kind == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}
