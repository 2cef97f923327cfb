// Package cluster is the resource that all tiers share. [Resource] carries out
// create, read, update, delete, plan and import, with one file for each verb; what
// differs between tiers is in their schemas and models, which implement [Model] and
// open a [tier.Tier].
//
// A verb reaches machines through [Access], which the provider block configures,
// and takes a lease on them before it changes any. Every error becomes a diagnostic
// in diagnostics.go, with what a user can do about it in remedies.go.
package cluster
