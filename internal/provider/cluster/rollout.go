package cluster

import (
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func rolloutAttribute() schema.Attribute {
	var actions []string
	for _, action := range tier.Actions() {
		actions = append(actions, "`"+string(action)+"`")
	}
	return schema.SingleNestedAttribute{
		Computed: true,
		MarkdownDescription: "What an apply of the plan does to the machines, in the order in which it does it, as far as the last refresh tells. It is for " +
			"reviewers and policies. Each plan begins without that of the change before, so it is printed whole; the state has it until it is read " +
			"again. Null for a new resource, after an import, without a change, and where it cannot be told. With `-refresh=false` it follows from the last refresh in the state, whose time is `observed_at`, and is null if an apply came after that. It is known only " +
			"after apply while other values than the addresses of nodes that join are unknown, and where something is declared of which a refresh asks the machines only then, such as the first `os`.",
		Attributes: map[string]schema.Attribute{
			"nodes": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "What is done on each node that is changed, in order.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"node": schema.StringAttribute{Computed: true, MarkdownDescription: "Key of the node, or `cluster` for what concerns no single node."},
					"action": schema.StringAttribute{Computed: true, MarkdownDescription: "The most that is done: one of " + strings.Join(actions, ", ") +
						". `repair` takes a node into service that does not serve. `drain` takes one out that stays in the cluster. `change` leaves the service alone."},
					"restarts":          schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the node serves and is out of service for a moment."},
					"state_transfer":    schema.StringAttribute{Computed: true, MarkdownDescription: "What the node receives from the others: `none`, `incremental` (what it missed), or `full`. Null if that only turns out."},
					"transfer_size_mib": schema.Int64Attribute{Computed: true, MarkdownDescription: "Expected size of the state transfer in MiB. Null if it is not known: for what a file server missed, and for a brick that shares its file system with something else."},
					"reasons":           schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Why, as sentences."},
				}},
			},
			"restarts":       schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of nodes that are out of service for a moment, one after the other."},
			"members":        schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of nodes that serve before the change."},
			"lowest_members": schema.Int64Attribute{Computed: true, MarkdownDescription: "Lowest number of nodes that serve during the change. A value below `quorum` means that the cluster does not serve then, or does not serve now."},
			"quorum":         schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of nodes that have to serve."},
			"address_moves":  schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether a floating IP goes to another node."},
			"observed_at": schema.StringAttribute{Computed: true, MarkdownDescription: "When the refresh observed the machines from which this follows, as RFC 3339 in UTC, by the clock of the machine that ran Terraform. " +
				"It is old in a plan with `-refresh=false`, and a policy can refuse that."},
			"refusal": schema.StringAttribute{Computed: true, MarkdownDescription: "Why an apply would refuse and change nothing. Null if it would not."},
		},
	}
}

var (
	nodeRolloutTypes = map[string]attr.Type{
		"node": types.StringType, "action": types.StringType, "restarts": types.BoolType,
		"state_transfer": types.StringType, "transfer_size_mib": types.Int64Type, "reasons": types.ListType{ElemType: types.StringType},
	}
	rolloutTypes = map[string]attr.Type{
		"nodes": types.ListType{ElemType: types.ObjectType{AttrTypes: nodeRolloutTypes}}, "restarts": types.Int64Type,
		"members": types.Int64Type, "lowest_members": types.Int64Type, "quorum": types.Int64Type,
		"address_moves": types.BoolType, "refusal": types.StringType, "observed_at": types.StringType,
	}
)

func noRollout() types.Object { return types.ObjectNull(rolloutTypes) }

// rolloutValue returns a rollout from what was observed at a time as the value of its attribute.
// Say changes sentences.
func rolloutValue(r *tier.Rollout, observedAt string, say func(string) string) types.Object {
	if r == nil {
		return noRollout()
	}
	if len(r.Unasked) > 0 {
		return types.ObjectUnknown(rolloutTypes)
	}
	nodes := make([]attr.Value, len(r.Nodes))
	for i, node := range r.Nodes {
		transfer, size := types.StringNull(), types.Int64Null()
		if node.Transfer.Kind != tier.TransferUnknown {
			transfer = types.StringValue(string(node.Transfer.Kind))
		}
		if node.Transfer.MiB > 0 {
			size = types.Int64Value(node.Transfer.MiB)
		}
		var reasons []string
		for _, reason := range node.Reasons {
			reasons = append(reasons, say(reason))
		}
		nodes[i] = types.ObjectValueMust(nodeRolloutTypes, map[string]attr.Value{
			"node": types.StringValue(node.Node), "action": types.StringValue(string(node.Action)), "restarts": types.BoolValue(node.Restarts),
			"state_transfer": transfer, "transfer_size_mib": size, "reasons": StringList(reasons),
		})
	}
	refusal := types.StringNull()
	if r.Refusal != "" {
		refusal = types.StringValue(say(r.Refusal))
	}
	return types.ObjectValueMust(rolloutTypes, map[string]attr.Value{
		"nodes":    types.ListValueMust(types.ObjectType{AttrTypes: nodeRolloutTypes}, nodes),
		"restarts": types.Int64Value(int64(r.Restarts)), "members": types.Int64Value(int64(r.Members)),
		"lowest_members": types.Int64Value(int64(r.LowestMembers)), "quorum": types.Int64Value(int64(r.Quorum)),
		"address_moves": types.BoolValue(r.AddressMoves), "refusal": refusal, "observed_at": types.StringValue(observedAt),
	})
}

// refusalForeseen reports whether a plan says that the apply would refuse.
func (m *Shared) refusalForeseen() bool {
	refusal, found := m.Rollout.Attributes()["refusal"].(types.String)
	return found && refusal.ValueString() != ""
}

// foreseen returns the rollout of a plan, from the observation that is in the state.
// It must be the same when Terraform plans for the second time, right before the
// change, when all values are known: what may be another one then is left out, or makes
// the rollout unknown.
func (r *Resource[M, C, P]) foreseen(ctx context.Context, kept keptState, plan tfsdk.Plan, planned P, prior *M) types.Object {
	imported, diags := kept.GetKey(ctx, importedKey)
	content, more := kept.GetKey(ctx, observedKey)
	if diags.Append(more...); diags.HasError() || len(content) == 0 || len(imported) > 0 && string(imported) != notImported {
		return noRollout()
	}
	before := P(prior).shared()
	joining, known := knownButJoining(ctx, planned.shared(), before)
	if !known || !knownBeside(r.Settings.Schema(ctx), plan.Raw, "nodes") {
		return types.ObjectUnknown(rolloutTypes)
	}
	assumed := *(*M)(planned)
	p := P(&assumed)
	stand := standIns(before.DeclaredNodes(), planned.shared().DeclaredNodes(), joining)
	p.shared().Nodes = withStandIns(ctx, planned.shared().Nodes, stand)
	t, err := p.Open(ctx, r.access, nil, nil, prior)
	var last observation
	if err != nil || json.Unmarshal(content, &last) != nil || t.Replay(last.Seen) != nil {
		return noRollout()
	}
	t.RollWith(planned.shared().rollingFrom(before))
	var names []string
	for _, name := range joining {
		names = append(names, stand[name], name)
	}
	say := strings.NewReplacer(names...).Replace
	rollout := t.Rollout(p.shared().NodeChanges(before))
	if rollout != nil {
		logSteps(ctx, r.TypeName+"."+p.Label().ValueString(), rollout, say)
	}
	return rolloutValue(rollout, last.At, say)
}

// logSteps writes to Terraform's log what an apply of a plan will do, step by step:
// rollout says only what comes of the steps for each node. Where machines have to be asked
// first, it has their nodes and no steps.
func logSteps(ctx context.Context, resource string, rollout *tier.Rollout, say func(string) string) {
	steps := make([]string, len(rollout.Steps))
	for i, step := range rollout.Steps {
		steps[i] = say(step)
	}
	fields := map[string]any{"resource": resource, "steps": steps, "refusal": say(rollout.Refusal)}
	if len(rollout.Unasked) > 0 {
		fields["unasked"] = rollout.Unasked
	}
	tflog.Info(ctx, "steps of the plan", fields)
}

// knownButJoining returns the nodes that join, and reports whether everything that can
// be configured of nodes is known but for where those are.
func knownButJoining(ctx context.Context, planned, before *Shared) ([]string, bool) {
	if planned.Nodes.IsUnknown() {
		return nil, false
	}
	connection, changes := nodeAttributes(), changesOf(planned.NodeChanges(before))
	var joining []string
	for name, value := range planned.Nodes.Elements() {
		object, ok := value.(types.Object)
		if !ok || object.IsUnknown() {
			return nil, false
		}
		joins := changes[name] == tier.Joins
		if joins {
			joining = append(joining, name)
		}
		for attribute, value := range object.Attributes() {
			if _, found := connection[attribute]; (!joins || !found) && !FullyKnown(ctx, value) {
				return nil, false
			}
		}
	}
	slices.Sort(joining)
	return joining, true
}

// knownBeside reports whether everything that can be configured is known but one attribute.
func knownBeside(s schema.Schema, plan tftypes.Value, except string) bool {
	var values map[string]tftypes.Value
	if plan.As(&values) != nil {
		return false
	}
	for name, attribute := range s.Attributes {
		if (attribute.IsRequired() || attribute.IsOptional()) && name != except && !values[name].IsFullyKnown() {
			return false
		}
	}
	return true
}

// standIns returns addresses for nodes that join, which are not known yet or may be
// another one by the time of the change: free ones of the network of the others.
func standIns(before, planned []host.Node, joining []string) map[string]string {
	taken, near := map[netip.Addr]bool{}, netip.Addr{}
	for _, node := range slices.Concat(before, planned) {
		address, err := netip.ParseAddr(node.Address)
		if err != nil || slices.Contains(joining, node.Name) {
			continue
		}
		taken[address] = true
		if !near.IsValid() {
			near = address
		}
	}
	stand := map[string]string{}
	if !near.IsValid() {
		near = netip.MustParseAddr("192.0.2.1")
	}
	last := near.AsSlice()
	for _, name := range joining {
		for at := byte(254); ; at-- {
			last[len(last)-1] = at
			if address, _ := netip.AddrFromSlice(last); !taken[address] {
				taken[address], stand[name] = true, address.String()
				break
			}
		}
	}
	return stand
}

// withStandIns puts addresses in the place of those of nodes that join.
func withStandIns(ctx context.Context, nodes types.Map, stand map[string]string) types.Map {
	all := maps.Clone(nodes.Elements())
	for name, address := range stand {
		object, ok := all[name].(types.Object)
		if !ok {
			continue
		}
		attributes := object.Attributes()
		attributes["host"], attributes["address"] = types.StringValue(address), types.StringValue(address)
		attributes["port"], attributes["user"], attributes["host_key"] = types.Int64Null(), types.StringNull(), types.StringNull()
		all[name] = types.ObjectValueMust(object.AttributeTypes(ctx), attributes)
	}
	return types.MapValueMust(nodes.ElementType(ctx), all)
}

// observedKey is where the private state has what the last refresh saw, until an apply
// makes it outdated.
const observedKey = "observed"

// observation is the value under [observedKey].
type observation struct {
	// At is when it was made, as RFC 3339.
	At string `json:"at"`
	// Seen is what [tier.Tier.Record] returned.
	Seen string `json:"seen"`
}

// keptState is the private state of a resource, as far as it is read.
type keptState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// recording returns what a tier saw as the value under [observedKey]; nothing where it
// cannot be kept, which costs no more than the rollout.
func recording(ctx context.Context, t tier.Tier) []byte {
	var content []byte
	text, err := t.Record()
	if err == nil {
		content, err = json.Marshal(observation{At: time.Now().UTC().Format(time.RFC3339), Seen: text})
	}
	if err != nil {
		tflog.Warn(ctx, "the observation is not kept", map[string]any{"error": err.Error()})
		return nil
	}
	return content
}
