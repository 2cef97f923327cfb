package cluster

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// attributeSentence names the attribute, with the node or the other key, before the sentence:
// Terraform shows the line of the outermost attribute alone, and where that is made by
// an expression neither name is in it.
func attributeSentence(p tier.Problem) string {
	return fmt.Sprintf("%s: %s.", attributePath(p.Path), tier.Capitalized(p.Message))
}

// attributePath turns {"nodes", "db1", "address"} into the framework's path. The
// second element is a key of a map in every schema of ours.
func attributePath(elements []string) path.Path {
	if len(elements) == 0 {
		return path.Empty()
	}
	at := path.Root(elements[0])
	for i, element := range elements[1:] {
		if i == 0 && mapAttribute[elements[0]] || i > 0 && elements[i] == "settings" {
			at = at.AtMapKey(element)
			continue
		}
		at = at.AtName(element)
	}
	return at
}

// mapAttribute names the attributes that are maps with keys of the user's.
var mapAttribute = map[string]bool{"nodes": true, "settings": true, "provider_options": true, "databases": true, "users": true, "options": true, "brick_paths": true, "php_settings": true, "backends": true}
