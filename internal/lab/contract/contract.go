package contract

import (
	_ "embed"
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
