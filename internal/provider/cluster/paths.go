package cluster

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// pathFinder turns paths as tiers write them into the framework's.
type pathFinder struct {
	// of is the type of the schema that the paths lead into.
	of attr.Type
}

func (r *Resource[M, C, P]) paths(ctx context.Context) pathFinder {
	return pathFinder{of: r.Settings.Schema(ctx).Type()}
}

// find turns {"nodes", "db1", "address"} into nodes["db1"].address: whether an element
// is a key of the user's or a name is said by the schema.
func (p pathFinder) find(elements []string) path.Path {
	at, kind := path.Empty(), p.of
	for _, element := range elements {
		switch inside := kind.(type) {
		case types.MapType:
			at, kind = at.AtMapKey(element), inside.ElemType
		case attr.TypeWithAttributeTypes:
			at, kind = at.AtName(element), inside.AttributeTypes()[element]
		default:
			at, kind = at.AtName(element), nil
		}
	}
	return at
}

// sentence names the attribute, with the node or the other key, before the sentence:
// Terraform shows the line of the outermost attribute alone, and where that is made by
// an expression neither name is in it.
func (p pathFinder) sentence(problem tier.Problem) string {
	return fmt.Sprintf("%s: %s.", p.find(problem.Path), tier.Capitalized(problem.Message))
}
