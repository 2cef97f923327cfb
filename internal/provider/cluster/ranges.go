package cluster

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// Between accepts the numbers of a range. A schema has ranges although a tier has
// them too: a tier's spec takes 0 for a number that was left out, so only the schema
// sees a 0 that somebody wrote.
func Between(least, most int64) []validator.Int64 {
	return []validator.Int64{int64validator.Between(least, most)}
}

// AtLeast accepts the numbers from least on, as [Between] does.
func AtLeast(least int64) []validator.Int64 {
	return []validator.Int64{int64validator.AtLeast(least)}
}
