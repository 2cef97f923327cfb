package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Model is what the verbs need of a resource's model, which embeds [Shared]. M is the
// struct itself, and C is what it opens: the tier with its own type of observation.
type Model[M any, C tier.Tier] interface {
	*M
	// shared returns the part that all models have.
	shared() *Shared
	// Label returns the name that the user gave the cluster.
	Label() types.String
	// Validate returns the faults of what is known of the configuration.
	Validate(ctx context.Context) []tier.Problem
	// Immutable returns the attributes that cannot change in place, with their values.
	Immutable() map[string]attr.Value
	// RejectChange returns other changes that cannot be made in place.
	RejectChange(prior *M) []tier.Problem
	// Preflight asks at plan what can be asked without a machine.
	Preflight(ctx context.Context, a *Access) diag.Diagnostics
	// Open returns the tier and contacts no machine. The configuration has the secrets
	// and is nil where there is none; prior is the model before the change and may be
	// nil.
	Open(ctx context.Context, a *Access, hosts host.Hosts, config, prior *M) (C, error)
	// SetComputed fills the computed attributes from the tier's last observation.
	SetComputed(ctx context.Context, t C)
	// PlanComputed takes the computed attributes that no change in place changes
	// from the prior state, so that a plan does not call them unknown.
	PlanComputed(prior *M)
}

// HasChangeWarnings is a model with changes that are made as declared and may not be
// meant: a plan warns of them.
type HasChangeWarnings[M any] interface {
	ChangeWarnings(ctx context.Context, prior *M) []tier.Problem
}

// HasValueWarnings is a model with values that have known problems: a plan that brings
// one in warns of it. There is no prior model before the resource is created.
type HasValueWarnings[M any] interface {
	ValueWarnings(ctx context.Context, prior *M) []tier.Problem
}

// HasProtection is a model of what holds data, with its attribute protect.
type HasProtection interface {
	Protection() *types.Bool
}

// HasRequirements is a model whose tier needs something of its machines.
type HasRequirements interface {
	Requirements() Requirements
}

// HasGivenUp is a model that may say without which nodes a change goes on.
type HasGivenUp interface {
	GivenUp(ctx context.Context) []string
}

// Requirements are what a tier needs of its machines before anything is done to them.
type Requirements struct {
	// OwnAddress says that daemons listen at the address of their node.
	OwnAddress bool
	// Ports are the TCP ports of its daemons, with the names of their programs.
	Ports map[int][]string
}
