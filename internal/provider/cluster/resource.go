package cluster

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Settings are what a resource is called and how its machines are shared.
type Settings struct {
	// TypeName is the resource's name without the provider's: "galera_cluster".
	TypeName string
	// Title is its name in diagnostics: "Galera Cluster".
	Title string
	// Kind is the tier's name in markers and leases: "galera".
	Kind string
	// OneAtATime says that machines are changed for one resource of this kind
	// after the other, because they share a daemon.
	OneAtATime bool
	// Schema returns the resource's schema, which has what [Attributes] returns.
	Schema func(context.Context) schema.Schema
}

// Resource carries out the verbs for a resource with model M, which opens a C.
type Resource[M any, C tier.Tier, P Model[M, C]] struct {
	Settings
	access *Access
}

// New returns the resource of a model.
func New[M any, C tier.Tier, P Model[M, C]](settings Settings) *Resource[M, C, P] {
	return &Resource[M, C, P]{Settings: settings}
}

// Metadata names the resource.
func (r *Resource[M, C, P]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.TypeName
}

// Schema returns the resource's schema.
func (r *Resource[M, C, P]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.Settings.Schema(ctx)
}

// Configure takes what the provider block says.
func (r *Resource[M, C, P]) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if req.ProviderData == nil {
		return
	}
	r.access = req.ProviderData.(*Access) //nolint:forcetypeassert // set by Configure of this provider alone
}

// notices warns of what no plan changes.
func (r *Resource[M, C, P]) notices(t C) diag.Diagnostics {
	var diags diag.Diagnostics
	if notices := t.Notices(); len(notices) > 0 {
		diags.AddWarning(r.Title+" Has Notices", strings.Join(notices, "\n"))
	}
	return diags
}
