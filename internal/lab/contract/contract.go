package contract

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed linode-openapi.json
var openAPI []byte

//go:embed linode-provider-schema.json
var providerSchema []byte

// OpenAPI returns the contract of the Linode API exactly as it was published.
func OpenAPI() []byte { return append([]byte(nil), openAPI...) }

// ProviderSchema returns the schema of the linode/linode provider in the
// format of `terraform providers schema -json`.
func ProviderSchema() []byte { return append([]byte(nil), providerSchema...) }

// Document returns the Linode API contract as a loaded OpenAPI document with
// the known differences applied. Each call returns a document of its own.
func Document() (*openapi3.T, error) {
	var tree map[string]any
	if err := json.Unmarshal(openAPI, &tree); err != nil {
		return nil, fmt.Errorf("cannot parse the Linode API contract: %w", err)
	}
	mergeAllOf(tree)
	if err := applyDifferences(tree); err != nil {
		return nil, fmt.Errorf("cannot apply the known differences to the Linode API contract: %w", err)
	}
	data, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("cannot encode the Linode API contract: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("cannot load the Linode API contract: %w", err)
	}
	return doc, nil
}
