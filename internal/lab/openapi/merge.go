package openapi

import "slices"

// mergeAllOf replaces every allOf below node by the one schema it means.
// The contract had its references inlined, so that parts with
// "additionalProperties: false" stand beside parts with other properties; read
// literally no object could ever satisfy all of them.
func mergeAllOf(node any) {
	switch n := node.(type) {
	case map[string]any:
		for _, child := range n {
			mergeAllOf(child)
		}
		if parts, ok := n["allOf"].([]any); ok {
			delete(n, "allOf")
			for _, part := range parts {
				if schema, ok := part.(map[string]any); ok {
					mergeInto(n, schema)
				}
			}
		}
	case []any:
		for _, child := range n {
			mergeAllOf(child)
		}
	}
}

// mergeInto adds what part says to whole; what whole already says wins.
func mergeInto(whole, part map[string]any) {
	for key, value := range part {
		switch key {
		case "properties":
			properties, _ := whole[key].(map[string]any)
			if properties == nil {
				properties = map[string]any{}
			}
			added, _ := value.(map[string]any)
			for name, schema := range added {
				known, ok := properties[name].(map[string]any)
				if !ok {
					properties[name] = schema
					continue
				}
				if more, ok := schema.(map[string]any); ok {
					mergeInto(known, more)
				}
			}
			whole[key] = properties
		case "required":
			required, _ := whole[key].([]any)
			added, _ := value.([]any)
			for _, name := range added {
				if !slices.Contains(required, name) {
					required = append(required, name)
				}
			}
			whole[key] = required
		default:
			if _, ok := whole[key]; !ok {
				whole[key] = value
			}
		}
	}
	if _, ok := whole["properties"]; ok && whole["type"] == nil {
		whole["type"] = "object"
	}
}
