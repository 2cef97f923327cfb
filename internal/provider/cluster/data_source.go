package cluster

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// WatchModel is what the data source needs of a model, which embeds [Watched]. M is the
// struct itself.
type WatchModel[M any] interface {
	*M
	watched() *Watched
	// Watch returns the tier of what is known, and contacts no machine.
	Watch(hosts host.Hosts) tier.Tier
	// Show fills the attributes that the data source has for itself.
	Show(health tier.Health)
}

// WatchSettings are what a data source is called and what it looks like.
type WatchSettings struct {
	// TypeName is the name without the provider's, which is that of the resource.
	TypeName string
	// Title is its name in diagnostics.
	Title string
	// Schema returns the schema, which has what [WatchAttributes] returns.
	Schema func() schema.Schema
}

// DataSource tells the health of a cluster.
type DataSource[M any, P WatchModel[M]] struct {
	WatchSettings
	access *Access
}

// NewDataSource returns the data source of a model.
func NewDataSource[M any, P WatchModel[M]](settings WatchSettings) *DataSource[M, P] {
	return &DataSource[M, P]{WatchSettings: settings}
}

// Metadata names the data source.
func (d *DataSource[M, P]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.TypeName
}

// Schema returns the data source's schema.
func (d *DataSource[M, P]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.WatchSettings.Schema()
}

// Configure takes what the provider block says.
func (d *DataSource[M, P]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if req.ProviderData != nil {
		d.access = req.ProviderData.(*Access) //nolint:forcetypeassert // set by Configure of this provider alone
	}
}

// ValidateConfig reports bad input before anything is contacted.
func (d *DataSource[M, P]) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config M
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	shared, paths := P(&config).watched().declared(), d.paths()
	problems := append(duplicateHosts(shared.nodes(), d.access.defaultPort()), shared.misnamed()...)
	if nodes := shared.Nodes; !nodes.IsUnknown() && len(nodes.Elements()) == 0 {
		problems = append(problems, tier.Problem{Path: tier.At("nodes"), Message: "at least one node is needed"})
	}
	for _, p := range problems {
		resp.Diagnostics.AddAttributeError(paths.find(p.Path), "Invalid Configuration", paths.sentence(p))
	}
}

// Read tells how the cluster is. A machine that does not answer is a part of that; it is
// an error if no machine at all lets the provider in.
func (d *DataSource[M, P]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model M
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := d.access.requireKey(); err != nil {
		resp.Diagnostics.Append(d.failure(err))
		return
	}
	p := P(&model)
	limited, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	seen := d.observed(limited, p)
	if ctx.Err() != nil || seen == nil {
		resp.Diagnostics.Append(d.failure(errors.New("the machines were not asked, because the run was canceled")))
		return
	}
	nodes := p.watched().declared().nodes()
	if err := tier.Permanent(seen.Unreachable()); err != nil && len(seen.Unreachable()) == len(nodes) && !someUnreachable(seen) {
		resp.Diagnostics.Append(d.failure(err))
		return
	}
	health := seen.Health()
	p.watched().show(health, d.nodeType())
	p.Show(health)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// observed returns the observation of this run, which the resource has made if it was
// refreshed.
func (d *DataSource[M, P]) observed(ctx context.Context, p P) tier.Tier {
	w := p.watched()
	nodes := w.declared().nodes()
	return d.access.sightings.share(ctx, d.access.clusterOf(d.TypeName, w.Name.ValueString(), nodes), func() tier.Tier {
		hosts, _ := d.access.hosts(nodes, w.declared().remembered(), atOnce)
		t := p.Watch(hosts)
		t.Observe(ctx)
		return t
	})
}

// someUnreachable reports whether a machine just does not answer.
func someUnreachable(seen tier.Tier) bool {
	for _, err := range seen.Unreachable() {
		if host.IsUnreachable(err) {
			return true
		}
	}
	return false
}

func (d *DataSource[M, P]) failure(err error) diag.Diagnostic {
	paths := d.paths()
	at, next := remedies(paths, err)
	detail := strings.Join(append([]string{tier.Sentence(err)}, next...), "\n\n")
	if at == nil {
		return diag.NewErrorDiagnostic("Unable to Read "+d.Title, detail)
	}
	return diag.NewAttributeErrorDiagnostic(paths.find(at), "Unable to Read "+d.Title, detail)
}

func (d *DataSource[M, P]) paths() pathFinder { return pathFinder{of: d.WatchSettings.Schema().Type()} }

// nodeType is the type of a node's status.
func (d *DataSource[M, P]) nodeType() types.ObjectType {
	status, _ := d.WatchSettings.Schema().Attributes["status"].(schema.MapNestedAttribute)
	node, _ := status.NestedObject.Type().(types.ObjectType)
	return node
}
