package provider

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func newGaleraCluster() resource.Resource {
	return cluster.New[galeraModel, *galera.Cluster](cluster.Settings{
		TypeName: "galera_cluster", Title: "Galera Cluster", Kind: "galera", Schema: galeraSchema,
	})
}

// galeraModel is an ha_galera_cluster.
type galeraModel struct {
	cluster.Shared
	cluster.DataChoice
	Name          types.String `tfsdk:"name"`
	Version       types.String `tfsdk:"version"`
	Settings      types.Map    `tfsdk:"settings"`
	Options       types.Map    `tfsdk:"provider_options"`
	Network       types.String `tfsdk:"network"`
	Firewall      types.String `tfsdk:"firewall"`
	Clients       types.Set    `tfsdk:"clients"`
	Databases     types.Map    `tfsdk:"databases"`
	Users         types.Map    `tfsdk:"users"`
	Recovery      types.Object `tfsdk:"recovery"`
	Protect       types.Bool   `tfsdk:"protect"`
	ClusterUUID   types.String `tfsdk:"cluster_uuid"`
	Members       types.List   `tfsdk:"members"`
	ServerVersion types.String `tfsdk:"server_version"`
	Derived       types.Map    `tfsdk:"derived_settings"`

	// planned says that the model is a plan that is being applied.
	planned bool
}

type galeraDatabaseModel struct {
	Charset   types.String `tfsdk:"charset"`
	Collation types.String `tfsdk:"collation"`
}

type galeraUserModel struct {
	Name            types.String `tfsdk:"name"`
	Hosts           types.Set    `tfsdk:"hosts"`
	Password        types.String `tfsdk:"password_wo"`
	PasswordVersion types.Int64  `tfsdk:"password_wo_version"`
	Grants          types.Map    `tfsdk:"grants"`
}

func (m *galeraModel) Label() types.String { return m.Name }

func (m *galeraModel) Protection() *types.Bool { return &m.Protect }

func (m *galeraModel) Immutable() map[string]attr.Value {
	return map[string]attr.Value{"name": m.Name, "version": m.engine()}
}

// engine is the part of the version that cannot change. To which release and series a
// cluster can be upgraded is known of its nodes alone.
func (m *galeraModel) engine() types.String {
	if m.Version.IsUnknown() {
		return m.Version
	}
	engine, _, _ := galera.ParseVersion(m.version())
	return types.StringValue(string(engine))
}

// spec returns what the model says. Secrets come from the configuration.
func (m *galeraModel) spec(ctx context.Context, config *galeraModel) galera.Spec {
	engine, series, release := galera.ParseVersion(m.version())
	spec := galera.Spec{
		Name:            m.Name.ValueString(),
		Engine:          engine,
		Series:          series,
		Release:         release,
		Settings:        cluster.StringsOf(m.Settings),
		NodeSettings:    m.nodeSettings(),
		DataDevices:     dataDevices(&m.Shared),
		Maintenance:     maintenanceOf(&m.Shared),
		RestartTrigger:  m.RestartTrigger.ValueString(),
		OS:              m.SystemOS(),
		ProviderOptions: cluster.StringsOf(m.Options),
		Network:         galera.Network(m.Network.ValueString()),
		Clients:         cluster.ListOf(m.Clients),
		Unfiltered:      m.Firewall.ValueString() == host.FirewallNone,
		Databases:       map[string]galera.Database{},
		Users:           map[string]galera.User{},
		UUID:            m.ClusterUUID.ValueString(),
		Recovery:        recoveryOf(ctx, m.Recovery),
	}
	arbitrators := m.arbitrators()
	for _, node := range m.DeclaredNodes() {
		if arbitrators[node.Name] {
			spec.Arbitrators = append(spec.Arbitrators, node)
		} else {
			spec.Nodes = append(spec.Nodes, node)
		}
	}
	for name, database := range cluster.ObjectsOf[galeraDatabaseModel](ctx, m.Databases) {
		spec.Databases[name] = galera.Database{Charset: database.Charset.ValueString(), Collation: database.Collation.ValueString()}
	}
	passwords := map[string]galeraUserModel{}
	if config != nil {
		passwords = cluster.ObjectsOf[galeraUserModel](ctx, config.Users)
	}
	for key, user := range cluster.ObjectsOf[galeraUserModel](ctx, m.Users) {
		u := galera.User{Name: user.Name.ValueString(), Hosts: hostsOf(user), PasswordVersion: user.PasswordVersion.ValueInt64(), Grants: map[string][]string{}}
		u.Password = passwords[key].Password.ValueString()
		for object, privileges := range user.Grants.Elements() {
			if list, ok := privileges.(types.List); ok {
				u.Grants[object] = cluster.ListOf(list)
			}
		}
		spec.Users[key] = u
	}
	return spec
}

type galeraRecoveryModel struct {
	BootstrapNode types.String `tfsdk:"bootstrap_node"`
	AllowMissing  types.Set    `tfsdk:"allow_missing"`
	Attempt       types.Int64  `tfsdk:"attempt"`
}

// recoveryOf returns what is declared about a recovery; nil where nothing is or it is
// not known yet.
func recoveryOf(ctx context.Context, declared types.Object) *galera.Recovery {
	if declared.IsNull() || !cluster.FullyKnown(ctx, declared) {
		return nil
	}
	var model galeraRecoveryModel
	if diags := declared.As(ctx, &model, basetypes.ObjectAsOptions{}); diags.HasError() {
		return nil
	}
	return &galera.Recovery{
		BootstrapNode: model.BootstrapNode.ValueString(), AllowMissing: cluster.ListOf(model.AllowMissing), Attempt: model.Attempt.ValueInt64(),
	}
}

// GivenUp implements [cluster.HasGivenUp]: the nodes without which a recovery goes on.
func (m *galeraModel) GivenUp(ctx context.Context) []string {
	if recovery := recoveryOf(ctx, m.Recovery); recovery != nil {
		return recovery.AllowMissing
	}
	return nil
}

// version is what is declared, the default where nothing is or it is not known yet.
func (m *galeraModel) version() string {
	if m.Version.IsNull() || m.Version.IsUnknown() {
		return galera.DefaultVersion
	}
	return m.Version.ValueString()
}

// arbitrators are the nodes that are declared to have no data.
func (m *galeraModel) arbitrators() map[string]bool {
	arbitrators := map[string]bool{}
	for name, value := range m.Nodes.Elements() {
		if node, ok := value.(types.Object); ok {
			declared, _ := node.Attributes()["arbitrator"].(types.Bool)
			arbitrators[name] = declared.ValueBool()
		}
	}
	return arbitrators
}

// nodeSettings returns the settings of single nodes.
func (m *galeraModel) nodeSettings() map[string]map[string]string {
	settings := map[string]map[string]string{}
	for name, value := range m.Nodes.Elements() {
		node, ok := value.(types.Object)
		if !ok {
			continue
		}
		if given, ok := node.Attributes()["settings"].(types.Map); ok && len(given.Elements()) > 0 {
			settings[name] = cluster.StringsOf(given)
		}
	}
	return settings
}

// ValueWarnings are about settings that are taken as they are: names that only the server
// can judge, and values that give up a promise of the cluster.
func (m *galeraModel) ValueWarnings(ctx context.Context, prior *galeraModel) []tier.Problem {
	before := map[string]bool{}
	if prior != nil {
		for _, p := range prior.configuration(ctx).Warnings() {
			before[strings.Join(p.Path, " ")+p.Message] = true
		}
	}
	var warnings []tier.Problem
	for _, p := range m.configuration(ctx).Warnings() {
		if !before[strings.Join(p.Path, " ")+p.Message] {
			warnings = append(warnings, p)
		}
	}
	return warnings
}

// configuration is the spec as far as it can be judged before everything is known:
// clients that are still to come may be all that there are.
func (m *galeraModel) configuration(ctx context.Context) galera.Spec {
	spec := m.spec(ctx, nil)
	if !cluster.FullyKnown(ctx, m.Clients) {
		spec.Users = nil
	}
	return spec
}

func (m *galeraModel) Validate(ctx context.Context) []tier.Problem {
	spec := m.spec(ctx, m)
	if m.Name.IsUnknown() {
		spec.Name = "unknown"
	}
	for key, user := range cluster.ObjectsOf[galeraUserModel](ctx, m.Users) {
		if user.Name.IsUnknown() {
			delete(spec.Users, key) // whose account it is can be said of nothing in it
			continue
		}
		u := spec.Users[key]
		if !cluster.FullyKnown(ctx, user.Grants) {
			u.Grants = nil
		}
		if !cluster.FullyKnown(ctx, user.Hosts) && len(u.Hosts) == 0 {
			u.Hosts = []string{"localhost"} // in the place of those that come
		}
		spec.Users[key] = u
	}
	problems := spec.Validate()
	for key, user := range cluster.ObjectsOf[galeraUserModel](ctx, m.Users) {
		if user.Password.IsUnknown() || user.PasswordVersion.IsUnknown() {
			continue
		}
		if user.Password.IsNull() != user.PasswordVersion.IsNull() {
			problems = append(problems, tier.Problem{Path: []string{"users", key, "password_wo"}, Message: "password_wo and password_wo_version belong together: the version tells when the password is to be set again"})
		}
	}
	return problems
}

// Requirements are those of the server and of the Galera library, which takes the two ports
// beside the server's (Galera's documentation, "Firewall settings").
func (m *galeraModel) Requirements() cluster.Requirements {
	server := []string{"mariadbd", "mysqld"}
	return cluster.Requirements{OwnAddress: true, Ports: map[int][]string{3306: server, 4567: append(slices.Clone(server), "garbd"), 4568: server}}
}

func (m *galeraModel) RejectChange(prior *galeraModel) []tier.Problem {
	return slices.Concat(m.Readdressed(&prior.Shared), devicesTaken(&m.Shared, &prior.Shared))
}

func (m *galeraModel) Open(ctx context.Context, _ *cluster.Access, hosts host.Hosts, config, prior *galeraModel) (*galera.Cluster, error) {
	spec := m.spec(ctx, config)
	m.planned = config != nil
	if prior != nil {
		spec.Partial = true
		spec.UUID = prior.ClusterUUID.ValueString()
		spec.Leaving = m.DepartingNodes(&prior.Shared)
		spec.FormerUsers = map[string][]string{}
		for key, user := range cluster.ObjectsOf[galeraUserModel](ctx, prior.Users) {
			name := cmp.Or(user.Name.ValueString(), key)
			spec.FormerUsers[name] = append(spec.FormerUsers[name], hostsOf(user)...)
		}
	}
	return galera.Open(hosts, spec), nil
}

// hostsOf returns the known client addresses of a user.
func hostsOf(user galeraUserModel) []string {
	var hosts []string
	for _, element := range user.Hosts.Elements() {
		if host, ok := element.(types.String); ok && !host.IsUnknown() && !host.IsNull() {
			hosts = append(hosts, host.ValueString())
		}
	}
	return hosts
}

func (m *galeraModel) SetComputed(ctx context.Context, opened *galera.Cluster) {
	seen := opened.Status()
	// Once it is known it stays: another history is no new value, but a refusal.
	if uuids := seen.UUIDs(); len(uuids) == 1 && m.ClusterUUID.ValueString() == "" {
		m.ClusterUUID = types.StringValue(uuids[0])
	} else if m.ClusterUUID.IsUnknown() {
		m.ClusterUUID = types.StringNull()
	}
	// What a plan has shown stays until the next refresh, also where a machine has
	// changed since.
	if version := seen.Version(); version != "" && !m.planned || m.ServerVersion.IsUnknown() {
		m.ServerVersion = types.StringValue(version)
	}
	// One that serves a state transfer or a backup is a member and comes back by itself.
	members := seen.Joined()
	// A node that does not answer has not left.
	for name := range seen.Unreachable() {
		if slices.Contains(cluster.ListOf(m.Members), name) {
			members = append(members, name)
		}
	}
	// One that leaves after its floating IP is no node any more.
	members = slices.DeleteFunc(members, func(name string) bool { _, declared := m.Nodes.Elements()[name]; return !declared })
	slices.Sort(members)
	m.Members = cluster.StringList(members)
	if !m.planned || m.Derived.IsUnknown() {
		m.Derived = m.derived(galera.DerivedSettings(m.spec(ctx, nil), seen))
	}
}

// derived is what follows from the machines. Of a node that does not answer it is
// what it was.
func (m *galeraModel) derived(seen map[string]map[string]string) types.Map {
	before, nodes := m.Derived.Elements(), map[string]attr.Value{}
	for name := range m.Nodes.Elements() {
		if settings, found := seen[name]; found {
			nodes[name] = cluster.StringMap(settings)
		} else if was, found := before[name]; found {
			nodes[name] = was
		}
	}
	return types.MapValueMust(types.MapType{ElemType: types.StringType}, nodes)
}

// changesDerived reports whether what is declared changes what follows from the
// machines.
func (m *galeraModel) changesDerived(prior *galeraModel) bool {
	return prior.Derived.IsNull() || !m.Nodes.Equal(prior.Nodes) || !m.Settings.Equal(prior.Settings) || !m.Options.Equal(prior.Options)
}

func (m *galeraModel) PlanComputed(prior *galeraModel) {
	m.ClusterUUID = prior.ClusterUUID
	m.ServerVersion = prior.ServerVersion
	m.Derived = prior.Derived
	if m.changesDerived(prior) {
		m.Derived = types.MapUnknown(types.MapType{ElemType: types.StringType})
	}
	if !m.Version.Equal(prior.Version) { // it may be an upgrade
		m.ServerVersion = types.StringUnknown()
	}
	m.Members = types.ListUnknown(types.StringType)
	if nodes := m.Nodes.Elements(); !m.Nodes.IsUnknown() {
		members := slices.Sorted(maps.Keys(nodes))
		out := maintenanceOf(&m.Shared)
		m.Members = cluster.StringList(slices.DeleteFunc(members, func(name string) bool { return out[name] == tier.Stopped }))
	}
}
