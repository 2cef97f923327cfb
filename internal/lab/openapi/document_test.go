package openapi

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDocumentLoadsAndIsValid(t *testing.T) {
	doc, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatalf("the contract with its known differences is not valid OpenAPI: %v", err)
	}
	if doc.Paths.Find("/{apiVersion}/linode/instances") == nil {
		t.Error("no path of instances")
	}
}

func TestNoAllOfIsLeft(t *testing.T) {
	doc, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), `"allOf"`) {
		t.Error("an allOf survived the merge")
	}
}

func TestDifferencesTouchOnlyWhatTheyName(t *testing.T) {
	doc, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.Paths.Find("/{apiVersion}/linode/instances").Post.RequestBody.Value.Content["application/json"].Schema.Value
	for _, name := range []string{"region", "image", "interface_generation"} {
		if schema.Properties[name] == nil {
			t.Errorf("instance creation has no %s", name)
		}
	}
	if has := schema.AdditionalProperties.Has; has == nil || *has {
		t.Error("instance creation accepts unknown properties")
	}
}
