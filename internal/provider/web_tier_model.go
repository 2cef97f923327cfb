package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/linode"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier"
)

func newWebTier() resource.Resource {
	return cluster.New[webTierModel, *webtier.Cluster](cluster.Settings{
		TypeName: "web_tier", Title: "Web Tier", Kind: "web", Schema: webTierSchema,
	})
}

// webTierModel is an ha_web_tier.
type webTierModel struct {
	cluster.Shared
	cluster.DataChoice
	Name           types.String `tfsdk:"name"`
	Mount          types.Object `tfsdk:"mount"`
	MountPoint     types.String `tfsdk:"mount_point"`
	DocumentRoot   types.String `tfsdk:"document_root"`
	ServerName     types.String `tfsdk:"server_name"`
	ServerAliases  types.Set    `tfsdk:"server_aliases"`
	Port           types.Int64  `tfsdk:"port"`
	PHP            types.Bool   `tfsdk:"php"`
	PHPSettings    types.Map    `tfsdk:"php_settings"`
	PHPWorkers     types.Int64  `tfsdk:"php_workers"`
	Sessions       types.String `tfsdk:"sessions"`
	TrustedProxies types.Set    `tfsdk:"trusted_proxies"`
	AllowOverride  types.Bool   `tfsdk:"allow_override"`
	HealthPath     types.String `tfsdk:"health_path"`
	Check          types.Object `tfsdk:"check"`
	Packages       types.Set    `tfsdk:"packages"`
	NodeBalancer   types.Object `tfsdk:"nodebalancer"`
	Backends       types.Map    `tfsdk:"backends"`
	DrainSeconds   types.Int64  `tfsdk:"drain_seconds"`
	WordPress      types.Object `tfsdk:"wordpress"`
	SiteID         types.String `tfsdk:"site_id"`
}

type webMountModel struct {
	Source        types.String `tfsdk:"source"`
	BackupServers types.List   `tfsdk:"backup_servers"`
	Options       types.String `tfsdk:"options"`
	VolumeID      types.String `tfsdk:"volume_id"`
}

type webCheckModel struct {
	Path     types.String `tfsdk:"path"`
	Status   types.Int64  `tfsdk:"status"`
	Contains types.String `tfsdk:"contains"`
}

type nodeBalancerModel struct {
	ID       types.Int64 `tfsdk:"id"`
	ConfigID types.Int64 `tfsdk:"config_id"`
}

type wordPressModel struct {
	URL              types.String `tfsdk:"url"`
	Title            types.String `tfsdk:"title"`
	AdminUser        types.String `tfsdk:"admin_user"`
	AdminEmail       types.String `tfsdk:"admin_email"`
	AdminPassword    types.String `tfsdk:"admin_password_wo"`
	DatabaseHost     types.String `tfsdk:"database_host"`
	DatabaseName     types.String `tfsdk:"database_name"`
	DatabaseUser     types.String `tfsdk:"database_user"`
	DatabasePassword types.String `tfsdk:"database_password_wo"`
	PasswordVersion  types.Int64  `tfsdk:"password_wo_version"`
	TablePrefix      types.String `tfsdk:"table_prefix"`
	SourceURL        types.String `tfsdk:"source_url"`
	SourceSHA256     types.String `tfsdk:"source_sha256"`
	Updates          types.String `tfsdk:"updates"`
	XMLRPC           types.Bool   `tfsdk:"xmlrpc"`
	ProgramFiles     types.String `tfsdk:"program_files"`
	Writable         types.Set    `tfsdk:"writable_directories"`
}

func (m *webTierModel) Label() types.String { return m.Name }

func (m *webTierModel) Immutable() map[string]attr.Value {
	// What stands in front knows the port and the path, and learns of others only
	// after the tier: on the way no node would be up for it.
	return map[string]attr.Value{"name": m.Name, "document_root": m.DocumentRoot, "port": m.Port, "health_path": m.HealthPath}
}

func (m *webTierModel) spec(ctx context.Context, config *webTierModel) webtier.Spec {
	spec := webtier.Spec{
		Name:           m.Name.ValueString(),
		Nodes:          m.DeclaredNodes(),
		Backends:       cluster.StringsOf(m.Backends),
		Maintenance:    maintenanceOf(&m.Shared),
		RestartTrigger: m.RestartTrigger.ValueString(),
		OS:             m.SystemOS(),
		MountPoint:     m.MountPoint.ValueString(),
		DocumentRoot:   m.DocumentRoot.ValueString(),
		ServerName:     m.ServerName.ValueString(),
		ServerAliases:  cluster.ListOf(m.ServerAliases),
		Port:           int(m.Port.ValueInt64()),
		PHPSettings:    cluster.StringsOf(m.PHPSettings),
		PHPWorkers:     int(m.PHPWorkers.ValueInt64()),
		Sessions:       m.Sessions.ValueString(),
		TrustedProxies: cluster.ListOf(m.TrustedProxies),
		AllowOverride:  m.AllowOverride.ValueBool(),
		HealthPath:     m.HealthPath.ValueString(),
		Packages:       cluster.ListOf(m.Packages),
		Site:           m.SiteID.ValueString(),
	}
	if !m.PHP.IsNull() && !m.PHP.IsUnknown() {
		on := m.PHP.ValueBool()
		spec.PHP = &on
	}
	if !m.TrustedProxies.IsNull() && spec.TrustedProxies == nil {
		spec.TrustedProxies = []string{} // nobody, which is not the default
	}
	if !m.DrainSeconds.IsNull() && !m.DrainSeconds.IsUnknown() {
		seconds := int(m.DrainSeconds.ValueInt64())
		spec.DrainSeconds = &seconds
	}
	if mount := cluster.ObjectOf[webMountModel](ctx, m.Mount); mount != nil {
		spec.Mount = &webtier.Mount{Source: mount.Source.ValueString(), BackupServers: cluster.ListOf(mount.BackupServers), Options: mount.Options.ValueString(), VolumeID: mount.VolumeID.ValueString()}
	}
	if check := cluster.ObjectOf[webCheckModel](ctx, m.Check); check != nil {
		spec.Check = &webtier.Check{Path: check.Path.ValueString(), Status: int(check.Status.ValueInt64()), Contains: check.Contains.ValueString()}
	}
	if balancer := cluster.ObjectOf[nodeBalancerModel](ctx, m.NodeBalancer); balancer != nil {
		spec.NodeBalancer = &webtier.NodeBalancer{ID: int(balancer.ID.ValueInt64()), ConfigID: int(balancer.ConfigID.ValueInt64())}
	}
	spec.WordPress = m.wordPress(ctx, config)
	return spec
}

func (m *webTierModel) wordPress(ctx context.Context, config *webTierModel) *webtier.WordPress {
	model := cluster.ObjectOf[wordPressModel](ctx, m.WordPress)
	if model == nil {
		return nil
	}
	wordpress := &webtier.WordPress{
		URL:             model.URL.ValueString(),
		Title:           model.Title.ValueString(),
		AdminUser:       model.AdminUser.ValueString(),
		AdminEmail:      model.AdminEmail.ValueString(),
		DBHost:          model.DatabaseHost.ValueString(),
		DBName:          model.DatabaseName.ValueString(),
		DBUser:          model.DatabaseUser.ValueString(),
		PasswordVersion: int(model.PasswordVersion.ValueInt64()),
		TablePrefix:     model.TablePrefix.ValueString(),
		Source:          model.SourceURL.ValueString(),
		SHA256:          model.SourceSHA256.ValueString(),
		Updates:         model.Updates.ValueString(),
		XMLRPC:          model.XMLRPC.ValueBool(),
		ProgramFiles:    model.ProgramFiles.ValueString(),

		WritableDirectories: cluster.ListOf(model.Writable),
	}
	if config != nil {
		if secrets := cluster.ObjectOf[wordPressModel](ctx, config.WordPress); secrets != nil {
			wordpress.AdminPassword = secrets.AdminPassword.ValueString()
			wordpress.DBPassword = secrets.DatabasePassword.ValueString()
		}
	}
	return wordpress
}

func (m *webTierModel) Validate(ctx context.Context) []tier.Problem {
	if m.Name.IsUnknown() || m.DocumentRoot.IsUnknown() {
		return nil
	}
	spec := m.spec(ctx, m)
	m.assume(ctx, &spec)
	return spec.Validate()
}

// assume puts something valid in the place of what is not known yet, such as a
// volume and a NodeBalancer that the same apply makes: all the rest of the spec is
// validated at plan, and all of it when all is known.
func (m *webTierModel) assume(ctx context.Context, spec *webtier.Spec) {
	if mount := cluster.ObjectOf[webMountModel](ctx, m.Mount); m.Mount.IsUnknown() || mount != nil && mount.Source.IsUnknown() {
		options := ""
		if mount != nil {
			options = mount.Options.ValueString()
		}
		spec.Mount = &webtier.Mount{Source: "unknown.invalid:/unknown", Options: options}
	}
	if spec.Mount != nil && (m.MountPoint.IsUnknown() || m.MountPoint.IsNull() && m.Mount.IsUnknown()) {
		spec.Mount, spec.MountPoint = nil, ""
		// Sessions are shared on the volume, if there is one.
		spec.Sessions = webtier.SessionsLocal
		// What it must hold depends on where the volume is mounted.
		spec.PHPSettings = maps.Clone(spec.PHPSettings)
		delete(spec.PHPSettings, "open_basedir")
	}
	if check := cluster.ObjectOf[webCheckModel](ctx, m.Check); check != nil && !cluster.FullyKnown(ctx, m.Check) {
		spec.Check = nil
	}
	if m.ServerName.IsUnknown() {
		spec.ServerName = "unknown.invalid"
	}
	if balancer := cluster.ObjectOf[nodeBalancerModel](ctx, m.NodeBalancer); balancer != nil && !cluster.FullyKnown(ctx, m.NodeBalancer) {
		spec.NodeBalancer = nil
	}
	if !cluster.FullyKnown(ctx, m.Backends) {
		spec.Backends = nil
	}
	if model := cluster.ObjectOf[wordPressModel](ctx, m.WordPress); model != nil {
		for _, attribute := range []struct {
			value       types.String
			field       *string
			placeholder string
		}{
			{model.URL, &spec.WordPress.URL, "http://unknown.invalid"},
			{model.AdminUser, &spec.WordPress.AdminUser, "unknown"},
			{model.AdminEmail, &spec.WordPress.AdminEmail, "unknown@unknown.invalid"},
			{model.DatabaseHost, &spec.WordPress.DBHost, "unknown.invalid"},
			{model.DatabaseName, &spec.WordPress.DBName, "unknown"},
			{model.DatabaseUser, &spec.WordPress.DBUser, "unknown"},
			{model.Updates, &spec.WordPress.Updates, webtier.UpdatesMinor},
			{model.ProgramFiles, &spec.WordPress.ProgramFiles, webtier.ProgramFilesReadOnly},
			{model.SourceSHA256, &spec.WordPress.SHA256, strings.Repeat("0", 64)},
		} {
			if attribute.value.IsUnknown() {
				*attribute.field = attribute.placeholder
			}
		}
	}
}

// Requirements are those of Apache.
func (m *webTierModel) Requirements() cluster.Requirements {
	return cluster.Requirements{Ports: map[int][]string{int(m.Port.ValueInt64()): {"apache2"}}}
}

// RejectChange is about the directory that the site lies in.
func (m *webTierModel) RejectChange(prior *webTierModel) []tier.Problem {
	var problems []tier.Problem
	if !m.Mount.IsUnknown() && m.Mount.IsNull() != prior.Mount.IsNull() {
		problems = append(problems, tier.Problem{Path: []string{"mount"}, Message: "a site cannot move between the machines' own disks and a volume; build a second tier beside this one and copy the files"})
	}
	if !m.MountPoint.IsUnknown() && !m.MountPoint.IsNull() && !prior.MountPoint.IsNull() && !m.MountPoint.Equal(prior.MountPoint) {
		problems = append(problems, tier.Problem{Path: []string{"mount_point"}, Message: fmt.Sprintf("the site lies on %s and cannot move to %s", prior.MountPoint, m.MountPoint)})
	}
	return problems
}

// Preflight asks the Linode API for the NodeBalancer: a wrong token or id should
// not be found out after the machines were changed.
func (m *webTierModel) Preflight(ctx context.Context, a *cluster.Access) diag.Diagnostics {
	var diags diag.Diagnostics
	balancer := cluster.ObjectOf[nodeBalancerModel](ctx, m.NodeBalancer)
	if balancer == nil || balancer.ID.IsUnknown() || balancer.ConfigID.IsUnknown() || a.Linode.Unknown {
		return diags
	}
	client, err := a.Linode.Client()
	if err == nil {
		_, err = client.NodeBalancer(int(balancer.ID.ValueInt64()), int(balancer.ConfigID.ValueInt64())).Nodes(ctx)
	}
	var token *linode.TokenError
	var missing *linode.NotFoundError
	switch {
	case err == nil:
	case errors.As(err, &token):
		diags.AddAttributeError(path.Root("nodebalancer"), "Linode Token Refused", tier.Sentence(err)+" Correct linode.token in the provider block or LINODE_TOKEN. Nothing was changed.")
	case errors.As(err, &missing):
		diags.AddAttributeError(path.Root("nodebalancer"), "NodeBalancer Not Found", tier.Sentence(err)+" Correct nodebalancer.id and nodebalancer.config_id. Nothing was changed.")
	case a.Linode.Token == "":
		diags.AddAttributeError(path.Root("nodebalancer"), "No Linode Token", tier.Sentence(err))
	default:
		diags.AddAttributeWarning(path.Root("nodebalancer"), "Linode API Does Not Answer", tier.Sentence(err)+" The plan goes on without having asked for the NodeBalancer. Its address is linode.url in the provider block, LINODE_URL, or Linode's own.")
	}
	return diags
}

func (m *webTierModel) Open(ctx context.Context, a *cluster.Access, hosts host.Hosts, config, prior *webTierModel) (*webtier.Cluster, error) {
	spec := m.spec(ctx, config)
	target := webtier.Target{Hosts: hosts}
	// Without a configuration nothing is drained: machines are read or given up, and
	// that needs no token.
	if spec.NodeBalancer != nil && config != nil {
		client, err := a.Linode.Client()
		if err != nil {
			return nil, fmt.Errorf("cannot drain the NodeBalancer's nodes: %w", err)
		}
		target.Balancer = client.NodeBalancer(spec.NodeBalancer.ID, spec.NodeBalancer.ConfigID)
	}
	if prior == nil {
		return webtier.Open(target, spec, nil), nil
	}
	before := prior.spec(ctx, nil)
	spec.Leaving = m.DepartingNodes(&prior.Shared)
	return webtier.Open(target, spec, &before), nil
}

func (m *webTierModel) SetComputed(ctx context.Context, opened *webtier.Cluster) {
	spec := m.spec(ctx, nil).Defaulted()
	m.MountPoint = types.StringValue(spec.MountPoint)
	// Once it is known it stays: another site is no new value, but a refusal.
	if m.SiteID.ValueString() != "" {
		return
	}
	m.SiteID = types.StringNull()
	if site := spec.Established(opened.Status()); site != "" {
		m.SiteID = types.StringValue(site)
	}
}

func (m *webTierModel) PlanComputed(prior *webTierModel) {
	if m.MountPoint.IsUnknown() {
		m.MountPoint = prior.MountPoint
	}
	m.SiteID = prior.SiteID
	if prior.SiteID.IsNull() && !m.Mount.IsNull() {
		m.SiteID = types.StringUnknown() // it was not seen yet
	}
}
