package openapi

import (
	"encoding/json"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/contract"
)

// Document returns the Linode API contract as a loaded OpenAPI document with
// the known differences applied. Each call returns a document of its own.
func Document() (*openapi3.T, error) {
	var tree map[string]any
	if err := json.Unmarshal(contract.OpenAPI(), &tree); err != nil {
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
