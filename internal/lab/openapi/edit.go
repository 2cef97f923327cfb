package openapi

import (
	"encoding/json"
	"strings"
)

// messageSchemas returns the schemas of an operation's request body and good
// answers; of a paged answer, the schema of its items.
func messageSchemas(operation map[string]any, in side) []map[string]any {
	var found []map[string]any
	if in&request != 0 {
		found = append(found, contentSchemas(operation["requestBody"])...)
	}
	if in&response != 0 {
		responses, _ := operation["responses"].(map[string]any)
		for _, schema := range contentSchemas(responses["200"]) {
			if item := descend(schema, "data.[]"); item != nil {
				schema = item
			}
			found = append(found, schema)
		}
	}
	return found
}

func contentSchemas(message any) []map[string]any {
	holder, _ := message.(map[string]any)
	content, _ := holder["content"].(map[string]any)
	var found []map[string]any
	for _, media := range content {
		if schema, ok := media.(map[string]any)["schema"].(map[string]any); ok {
			found = append(found, schema)
		}
	}
	return found
}

// descend follows a dotted path of properties, "[]" entering items.
func descend(schema map[string]any, path string) map[string]any {
	if path == "" {
		return schema
	}
	for _, step := range strings.Split(path, ".") {
		var next map[string]any
		if step == "[]" {
			next, _ = schema["items"].(map[string]any)
		} else {
			properties, _ := schema["properties"].(map[string]any)
			next, _ = properties[step].(map[string]any)
		}
		if next == nil {
			return nil
		}
		schema = next
	}
	return schema
}

// apply makes the change below schema and returns how many it made.
func (d difference) apply(schema map[string]any) int {
	target := descend(schema, d.below)
	if target == nil {
		return 0
	}
	for key, value := range d.set {
		if value == nil {
			delete(target, key)
		} else {
			target[key] = value
		}
	}
	if d.property == "" {
		return 1
	}
	properties, ok := target["properties"].(map[string]any)
	if !ok {
		return 0
	}
	var added map[string]any
	if err := json.Unmarshal([]byte(d.schema), &added); err != nil {
		return 0
	}
	properties[d.property] = added
	return 1
}
