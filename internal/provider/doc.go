// Package provider is what users say: the provider block, and for each tier a schema
// and a model.
//
// A model turns what is declared into the spec of its tier, opens the tier, and fills
// the computed attributes from what the tier observed. The verbs are in
// internal/provider/cluster, for all resources alike. Of the packages of the
// provider, only these two import terraform-plugin-*, besides main.
package provider
