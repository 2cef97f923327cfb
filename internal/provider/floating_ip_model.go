package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func newFloatingIP() resource.Resource {
	return cluster.New[floatingIPModel, *floatingip.Cluster](cluster.Settings{
		TypeName: "floating_ip", Title: "Floating IP", Kind: floatingip.Kind, Schema: floatingIPSchema,
		OneAtATime: true, // addresses share Keepalived
	})
}

// floatingIPModel is an ha_floating_ip.
type floatingIPModel struct {
	cluster.Shared
	Name                         types.String  `tfsdk:"name"`
	Address                      types.String  `tfsdk:"address"`
	AdditionalAddresses          types.Set     `tfsdk:"additional_addresses"`
	Preempt                      types.Bool    `tfsdk:"preempt"`
	Interface                    types.String  `tfsdk:"interface"`
	RouterID                     types.Int64   `tfsdk:"router_id"`
	AuthSecret                   types.String  `tfsdk:"auth_secret"`
	AdvertisementIntervalSeconds types.Float64 `tfsdk:"advertisement_interval_seconds"`
	Check                        types.Object  `tfsdk:"check"`
	Method                       types.String  `tfsdk:"method"`
	HolderTimeoutSeconds         types.Int64   `tfsdk:"holder_timeout_seconds"`
	IP                           types.String  `tfsdk:"ip"`
}

type checkModel struct {
	Galera          types.Object `tfsdk:"galera"`
	TCP             types.Object `tfsdk:"tcp"`
	HTTP            types.Object `tfsdk:"http"`
	Command         types.Object `tfsdk:"command"`
	None            types.Object `tfsdk:"none"`
	IntervalSeconds types.Int64  `tfsdk:"interval_seconds"`
	TimeoutSeconds  types.Int64  `tfsdk:"timeout_seconds"`
	Fall            types.Int64  `tfsdk:"fall"`
	Rise            types.Int64  `tfsdk:"rise"`
}

type galeraCheckModel struct {
	AllowDonor    types.Bool `tfsdk:"allow_donor"`
	AllowReadOnly types.Bool `tfsdk:"allow_read_only"`
}

type tcpCheckModel struct {
	Port types.Int64 `tfsdk:"port"`
}

type httpCheckModel struct {
	Port types.Int64  `tfsdk:"port"`
	Path types.String `tfsdk:"path"`
}

type commandCheckModel struct {
	Path types.String `tfsdk:"path"`
}

// label returns the name, which by default is made of the address.
func (m *floatingIPModel) Label() types.String {
	if m.Name.IsNull() || m.Name.IsUnknown() {
		ip, _, _ := strings.Cut(m.Address.ValueString(), "/")
		return types.StringValue(strings.ReplaceAll(ip, ".", "-"))
	}
	return m.Name
}

func (m *floatingIPModel) Immutable() map[string]attr.Value {
	return map[string]attr.Value{"name": m.Name, "address": m.Address}
}

func (m *floatingIPModel) spec(ctx context.Context) floatingip.Spec {
	return floatingip.Spec{
		Name:                         m.Name.ValueString(),
		Address:                      m.Address.ValueString(),
		Additional:                   m.additional(),
		Preempt:                      m.Preempt.ValueBool(),
		Priorities:                   m.priorities(),
		Maintenance:                  maintenanceOf(&m.Shared),
		RestartTrigger:               m.RestartTrigger.ValueString(),
		OS:                           m.SystemOS(),
		Interface:                    m.Interface.ValueString(),
		Nodes:                        m.DeclaredNodes(),
		RouterID:                     int(m.RouterID.ValueInt64()),
		AuthSecret:                   m.AuthSecret.ValueString(),
		AdvertisementIntervalSeconds: m.AdvertisementIntervalSeconds.ValueFloat64(),
		Check:                        m.check(ctx),
		Method:                       floatingip.Method(m.Method.ValueString()),
		HolderTimeoutSeconds:         int(m.HolderTimeoutSeconds.ValueInt64()),
	}
}

// additional returns the other addresses in an order that is always the same.
func (m *floatingIPModel) additional() []string {
	var addresses []string
	for _, value := range m.AdditionalAddresses.Elements() {
		if address, ok := value.(types.String); ok && !address.IsUnknown() {
			addresses = append(addresses, address.ValueString())
		}
	}
	slices.Sort(addresses)
	return addresses
}

// priorities returns those that single nodes are given.
func (m *floatingIPModel) priorities() map[string]int {
	priorities := map[string]int{}
	for name, value := range m.Nodes.Elements() {
		node, ok := value.(types.Object)
		if !ok {
			continue
		}
		if given, ok := node.Attributes()["priority"].(types.Int64); ok && !given.IsNull() && !given.IsUnknown() {
			priorities[name] = int(given.ValueInt64())
		}
	}
	return priorities
}

func (m *floatingIPModel) check(ctx context.Context) floatingip.Check {
	model := cluster.ObjectOf[checkModel](ctx, m.Check)
	if model == nil {
		return floatingip.Check{}
	}
	check := floatingip.Check{
		IntervalSeconds: int(model.IntervalSeconds.ValueInt64()),
		TimeoutSeconds:  int(model.TimeoutSeconds.ValueInt64()),
		Fall:            int(model.Fall.ValueInt64()),
		Rise:            int(model.Rise.ValueInt64()),
	}
	if galera := cluster.ObjectOf[galeraCheckModel](ctx, model.Galera); galera != nil {
		check.Kind, check.AllowReadOnly = floatingip.CheckGalera, galera.AllowReadOnly.ValueBool()
		check.RefuseDonor = galera.AllowDonor.Equal(types.BoolValue(false))
	}
	if tcp := cluster.ObjectOf[tcpCheckModel](ctx, model.TCP); tcp != nil {
		check.Kind, check.Port = floatingip.CheckTCP, int(tcp.Port.ValueInt64())
	}
	if http := cluster.ObjectOf[httpCheckModel](ctx, model.HTTP); http != nil {
		check.Kind, check.Port, check.Path = floatingip.CheckHTTP, int(http.Port.ValueInt64()), http.Path.ValueString()
	}
	if command := cluster.ObjectOf[commandCheckModel](ctx, model.Command); command != nil {
		check.Kind, check.Command = floatingip.CheckCommand, command.Path.ValueString()
	}
	return check
}

func (m *floatingIPModel) RejectChange(prior *floatingIPModel) []tier.Problem {
	return m.Readdressed(&prior.Shared)
}

// saidBySchema are the numbers whose ranges are in the schema: Terraform has told of
// them when a spec is validated, and once is enough.
var saidBySchema = []string{
	"router_id", "advertisement_interval_seconds", "holder_timeout_seconds", "check.tcp.port", "check.http.port",
	"check.interval_seconds", "check.fall", "check.rise",
}

func (m *floatingIPModel) Validate(ctx context.Context) []tier.Problem {
	if m.Address.IsUnknown() || !cluster.FullyKnown(ctx, m.Check) {
		return nil
	}
	var problems []tier.Problem
	if model := cluster.ObjectOf[checkModel](ctx, m.Check); model != nil {
		kinds := 0
		for _, kind := range []types.Object{model.Galera, model.TCP, model.HTTP, model.Command, model.None} {
			if !kind.IsNull() {
				kinds++
			}
		}
		if kinds != 1 {
			problems = append(problems, tier.Problem{Path: []string{"check"}, Message: "a check is exactly one of galera, tcp, http, command and none"})
		}
	}
	for _, p := range m.spec(ctx).Validate() {
		if !slices.Contains(saidBySchema, strings.Join(p.Path, ".")) {
			problems = append(problems, p)
		}
	}
	return problems
}

func (m *floatingIPModel) Open(ctx context.Context, _ *cluster.Access, hosts host.Hosts, _, prior *floatingIPModel) (*floatingip.Cluster, error) {
	spec := m.spec(ctx)
	if prior != nil {
		spec.Leaving = m.DepartingNodes(&prior.Shared)
	}
	return floatingip.Open(hosts, spec), nil
}

func (m *floatingIPModel) SetComputed(ctx context.Context, _ *floatingip.Cluster) {
	m.Name = m.Label()
	m.RouterID = types.Int64Value(int64(m.spec(ctx).Defaulted().RouterID))
	m.fillInterval()
	ip, _, _ := strings.Cut(m.Address.ValueString(), "/")
	m.IP = types.StringValue(ip)
}

func (m *floatingIPModel) PlanComputed(prior *floatingIPModel) {
	m.IP = prior.IP
	if m.Name.IsUnknown() {
		m.Name = prior.Name
	}
	if m.RouterID.IsUnknown() {
		m.RouterID = prior.RouterID
	}
	if !m.AuthSecret.IsUnknown() {
		m.fillInterval()
	}
}

// fillInterval sets the interval that follows from the presence of a secret.
func (m *floatingIPModel) fillInterval() {
	if m.AdvertisementIntervalSeconds.IsUnknown() || m.AdvertisementIntervalSeconds.IsNull() {
		spec := floatingip.Spec{AuthSecret: m.AuthSecret.ValueString()}.Defaulted()
		m.AdvertisementIntervalSeconds = types.Float64Value(spec.AdvertisementIntervalSeconds)
	}
}
