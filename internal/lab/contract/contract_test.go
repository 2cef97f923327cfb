package contract

import "testing"

func TestAccessorsReturnCopies(t *testing.T) {
	OpenAPI()[0], ProviderSchema()[0] = 'x', 'x'
	if OpenAPI()[0] != '{' || ProviderSchema()[0] != '{' {
		t.Error("a caller can change the embedded documents")
	}
}
