package provider

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func newGlusterVolume() resource.Resource {
	return cluster.New[glusterModel, *gluster.Cluster](cluster.Settings{
		TypeName: "gluster_volume", Title: "GlusterFS Volume", Kind: "gluster", Schema: glusterSchema,
		OneAtATime: true, // volumes share glusterd, and the pool takes one transaction at a time
	})
}

// glusterModel is an ha_gluster_volume.
type glusterModel struct {
	cluster.Shared
	cluster.DataChoice
	Name               types.String `tfsdk:"name"`
	BrickPath          types.String `tfsdk:"brick_path"`
	Replica            types.Int64  `tfsdk:"replica"`
	Arbiter            types.Int64  `tfsdk:"arbiter"`
	Disperse           types.Int64  `tfsdk:"disperse"`
	Redundancy         types.Int64  `tfsdk:"redundancy"`
	Order              types.List   `tfsdk:"order"`
	Options            types.Map    `tfsdk:"options"`
	Profile            types.String `tfsdk:"profile"`
	Clients            types.Set    `tfsdk:"clients"`
	Firewall           types.String `tfsdk:"firewall"`
	PingTimeoutSeconds types.Int64  `tfsdk:"ping_timeout_seconds"`
	AllowRootPartition types.Bool   `tfsdk:"allow_root_partition"`
	Version            types.String `tfsdk:"version"`
	SplitBrain         types.Object `tfsdk:"split_brain"`
	Protect            types.Bool   `tfsdk:"protect"`
	VolumeID           types.String `tfsdk:"volume_id"`
	Mount              types.Object `tfsdk:"mount"`
}

func (m *glusterModel) Label() types.String { return m.Name }

func (m *glusterModel) Protection() *types.Bool { return &m.Protect }

func (m *glusterModel) Immutable() map[string]attr.Value {
	return map[string]attr.Value{"name": m.Name, "brick_path": m.BrickPath}
}

func (m *glusterModel) spec() gluster.Spec {
	return gluster.Spec{
		Name:               m.Name.ValueString(),
		Nodes:              m.DeclaredNodes(),
		Order:              cluster.ListOf(m.Order),
		BrickPath:          m.BrickPath.ValueString(),
		BrickPaths:         ofNodes(&m.Shared, "brick_path"),
		Replica:            int(m.Replica.ValueInt64()),
		Arbiter:            int(m.Arbiter.ValueInt64()),
		Disperse:           int(m.Disperse.ValueInt64()),
		Redundancy:         int(m.Redundancy.ValueInt64()),
		DataDevices:        dataDevices(&m.Shared),
		Maintenance:        maintenanceOf(&m.Shared),
		RestartTrigger:     m.RestartTrigger.ValueString(),
		OS:                 m.SystemOS(),
		Release:            m.Version.ValueString(),
		Options:            cluster.StringsOf(m.Options),
		Profile:            m.Profile.ValueString(),
		Clients:            cluster.ListOf(m.Clients),
		Unfiltered:         m.Firewall.ValueString() == host.FirewallNone,
		PingTimeoutSeconds: int(m.PingTimeoutSeconds.ValueInt64()),
		AllowRootPartition: m.AllowRootPartition.ValueBool(),
		VolumeID:           m.VolumeID.ValueString(),
	}.Defaulted()
}

type glusterDecisionModel struct {
	Policy     types.String `tfsdk:"policy"`
	SourceNode types.String `tfsdk:"source_node"`
	Files      types.Set    `tfsdk:"files"`
	Attempt    types.Int64  `tfsdk:"attempt"`
}

// decisionOf returns what is declared about files in split brain; nil where nothing is or
// it is not known yet.
func decisionOf(ctx context.Context, declared types.Object) *gluster.Decision {
	if declared.IsNull() || !cluster.FullyKnown(ctx, declared) {
		return nil
	}
	var model glusterDecisionModel
	if diags := declared.As(ctx, &model, basetypes.ObjectAsOptions{}); diags.HasError() {
		return nil
	}
	return &gluster.Decision{
		Policy: model.Policy.ValueString(), Source: model.SourceNode.ValueString(), Files: cluster.ListOf(model.Files), Attempt: model.Attempt.ValueInt64(),
	}
}

func (m *glusterModel) Validate(ctx context.Context) []tier.Problem {
	spec := m.spec()
	spec.Decision = decisionOf(ctx, m.SplitBrain)
	if m.Name.IsUnknown() {
		spec.Name = "unknown"
	}
	if m.BrickPath.IsUnknown() {
		spec.BrickPath = "/srv/unknown/brick"
	}
	if !cluster.FullyKnown(ctx, m.Order) {
		spec.Order = nil
	}
	var problems []tier.Problem
	for _, p := range spec.Validate() {
		// How many nodes there must be depends on all of the geometry.
		if _, ofGeometry := m.geometry()[p.Path[0]]; !m.geometryKnown() && (ofGeometry || len(p.Path) == 1 && p.Path[0] == "nodes") {
			continue
		}
		problems = append(problems, p)
	}
	return problems
}

// geometry is how copies and parts lie on the nodes.
func (m *glusterModel) geometry() map[string]attr.Value {
	return map[string]attr.Value{"replica": m.Replica, "arbiter": m.Arbiter, "disperse": m.Disperse, "redundancy": m.Redundancy}
}

func (m *glusterModel) geometryKnown() bool {
	for _, value := range m.geometry() {
		if value.IsUnknown() {
			return false
		}
	}
	return true
}

// Requirements are those of glusterd.
func (m *glusterModel) Requirements() cluster.Requirements {
	byAddress := true
	for _, node := range m.DeclaredNodes() {
		_, err := netip.ParseAddr(node.Address)
		byAddress = byAddress && err == nil
	}
	return cluster.Requirements{OwnAddress: byAddress, Ports: map[int][]string{24007: {"glusterd"}}}
}

// RejectChange is about bricks: whole sets of them come and go, and one moves only with
// another machine in the place of its node.
func (m *glusterModel) RejectChange(prior *glusterModel) []tier.Problem {
	problems := slices.Concat(m.Readdressed(&prior.Shared), devicesTaken(&m.Shared, &prior.Shared))
	if key := gluster.SwitchedOff(cluster.StringsOf(prior.Options), cluster.StringsOf(m.Options)); key != "" {
		problems = append(problems, tier.Problem{Path: []string{"options", key}, Message: "the option " + key + " is on and cannot be switched off: files that were written with it would be damaged"})
	}
	if !m.geometryKnown() {
		return problems // what was left out depends on what was not
	}
	was, now := prior.spec(), m.spec()
	for _, count := range []struct {
		name     string
		was, now int
	}{
		{"replica", was.Replica, now.Replica}, {"arbiter", was.Arbiter, now.Arbiter},
		{"disperse", was.Disperse, now.Disperse}, {"redundancy", was.Redundancy, now.Redundancy},
	} {
		if count.was != count.now {
			problems = append(problems, tier.Problem{Path: []string{count.name}, Message: fmt.Sprintf("%s is %d and cannot become %d in a volume that exists", count.name, count.was, count.now)})
		}
	}
	if was.SameType(now) && !m.Order.IsUnknown() {
		problems = append(problems, now.SetProblems(was)...)
	}
	return problems
}

// ChangeWarnings are about clients: GlusterFS hangs up on one as soon as the list lacks
// it, and a web server that is still in service then answers with errors. This apply lets
// it be, and the next one does not.
func (m *glusterModel) ChangeWarnings(ctx context.Context, prior *glusterModel) []tier.Problem {
	if !cluster.FullyKnown(ctx, m.Clients) {
		return nil
	}
	lost := m.spec().Disconnected(cluster.ListOf(prior.Clients))
	if len(lost) == 0 {
		return nil
	}
	return []tier.Problem{{Path: []string{"clients"}, Message: fmt.Sprintf(
		"%s may not mount the volume %s any more. What still has it mounted there is let in until the next apply and gets errors from then on: take it out of service in this apply or before the next",
		strings.Join(lost, ", "), m.Name.ValueString())}}
}

// ValueWarnings are about options with known problems, which are set as declared, and about
// addresses that are not private.
func (m *glusterModel) ValueWarnings(_ context.Context, prior *glusterModel) []tier.Problem {
	before := map[string]bool{}
	if prior != nil {
		for _, p := range prior.spec().Warnings() {
			before[strings.Join(p.Path, " ")+p.Message] = true
		}
	}
	var problems []tier.Problem
	for _, p := range m.spec().Warnings() {
		if !before[strings.Join(p.Path, " ")+p.Message] {
			problems = append(problems, p)
		}
	}
	return problems
}

func (m *glusterModel) Open(ctx context.Context, _ *cluster.Access, hosts host.Hosts, _, prior *glusterModel) (*gluster.Cluster, error) {
	spec := m.spec()
	spec.Decision = decisionOf(ctx, m.SplitBrain)
	if prior != nil {
		spec.VolumeID = prior.VolumeID.ValueString()
		spec.FormerClients = spec.Disconnected(cluster.ListOf(prior.Clients))
		spec.Leaving = m.DepartingNodes(&prior.Shared)
		spec.BrickPaths = formerPaths(spec.BrickPaths, spec.Leaving, ofNodes(&prior.Shared, "brick_path"))
	}
	return gluster.Open(hosts, spec), nil
}

// formerPaths adds where the bricks of machines lie that are to leave.
func formerPaths(paths map[string]string, leaving []host.Node, before map[string]string) map[string]string {
	paths = maps.Clone(paths)
	for node, path := range before {
		for _, name := range []string{node, tier.FormerName(node)} {
			if slices.ContainsFunc(leaving, func(former host.Node) bool { return former.Name == name }) {
				paths[name] = path
			}
		}
	}
	return paths
}

var mountAttributes = map[string]attr.Type{
	"source":         types.StringType,
	"backup_servers": types.ListType{ElemType: types.StringType},
	"options":        types.StringType,
	"volume_id":      types.StringType,
}

func (m *glusterModel) SetComputed(_ context.Context, volume *gluster.Cluster) {
	seen := volume.Status()
	if volume, found := seen.Volume(m.Name.ValueString()); found {
		m.VolumeID = types.StringValue(volume.ID)
	} else if m.VolumeID.IsUnknown() {
		m.VolumeID = types.StringNull()
	}
	m.Mount = m.mount()
}

// addressesKnown reports whether it is known how the peers reach every node, and in which
// order the nodes come.
func (m *glusterModel) addressesKnown() bool {
	nodes := m.DeclaredNodes()
	return len(nodes) > 0 && len(nodes) == len(m.Nodes.Elements()) && !m.Order.IsUnknown() && !m.Name.IsUnknown() &&
		!slices.ContainsFunc(nodes, func(node host.Node) bool { return node.Address == "" })
}

// mount carries the volume's identity, so that who mounts it can tell it from
// another volume of the same name. VolumeID has to be set before.
func (m *glusterModel) mount() types.Object {
	mount := m.spec().Mount()
	return types.ObjectValueMust(mountAttributes, map[string]attr.Value{
		"source":         types.StringValue(mount.Source),
		"backup_servers": cluster.StringList(mount.BackupServers),
		"options":        types.StringValue(mount.Options),
		"volume_id":      m.VolumeID,
	})
}

func (m *glusterModel) PlanComputed(prior *glusterModel) {
	m.VolumeID = prior.VolumeID
	m.Mount = prior.Mount
	switch {
	case m.Nodes.Equal(prior.Nodes) && m.Order.Equal(prior.Order):
	case m.addressesKnown():
		m.Mount = m.mount()
	default:
		m.Mount = types.ObjectUnknown(mountAttributes)
	}
}
