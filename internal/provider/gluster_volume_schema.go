package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
)

func glusterSchema(ctx context.Context) schema.Schema {
	onDestroy := "What destroying the resource does: `keep` stops the volume and leaves its definition and every brick's data in place; `wipe` deletes the volume and empties the bricks. " + cluster.KeepLimit + " Default: `keep`."
	return schema.Schema{
		MarkdownDescription: "A GlusterFS volume and the trusted pool that it lies on: every file on several machines, self-healing, mountable from any of them.",
		Attributes: cluster.Attributes(ctx, onDestroy, map[string]schema.Attribute{
			"name":        schema.StringAttribute{Required: true, MarkdownDescription: "Name of the volume: letters, digits, underscores and hyphens. It cannot change."},
			"brick_path":  schema.StringAttribute{Required: true, MarkdownDescription: "Directory of the brick on every node: an absolute path, best a subdirectory of a file system of its own, so that a disk which is not mounted is not taken for an empty brick. It cannot change."},
			"brick_paths": schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Directories of the bricks, by node, that lie elsewhere than at `brick_path`: for a volume in which somebody replaced a brick by hand on its own machine. It says where bricks are and moves none. Default: none."},
			"type": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(gluster.Replicate),
				MarkdownDescription: "`replicate`: every file on every node. `distributed-replicate`: files spread over sets of `replica` nodes. `arbiter`: two copies and a third node that only decides. `disperse`: erasure-coded, not for many small files. It cannot change. Default: `replicate`.",
				Validators:          []validator.String{stringvalidator.OneOf(gluster.Replicate, gluster.DistributedReplicate, gluster.Arbiter, gluster.Disperse)}},
			"replica":    schema.Int64Attribute{Optional: true, MarkdownDescription: "Bricks in a set, the arbiter included. Default: all nodes for `replicate`, otherwise 3.", Validators: cluster.AtLeast(3)},
			"arbiter":    schema.Int64Attribute{Optional: true, MarkdownDescription: "How many bricks of a set are arbiters. Default: 1 for `arbiter`.", Validators: []validator.Int64{int64validator.OneOf(1)}},
			"disperse":   schema.Int64Attribute{Optional: true, MarkdownDescription: "Bricks in a dispersed set. Default: all nodes.", Validators: cluster.AtLeast(3)},
			"redundancy": schema.Int64Attribute{Optional: true, MarkdownDescription: "Bricks of a dispersed set that may be lost. Default: the most for which the others are a power of two.", Validators: cluster.AtLeast(1)},
			"order":      schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Keys of all nodes in the order of their bricks: it decides who is in a set with whom, and that the last of a set is its arbiter. Default: the order of the keys."},
			"options":    schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Volume options by name, such as `\"cluster.lookup-optimize\" = \"on\"`. Only these are managed, with those that `profile`, `clients` and `ping_timeout_seconds` stand for; one that is taken out is reset. Values that break what the volume promises, such as `cluster.quorum-type = none`, are refused, and values with known problems are warned of. `features.shard`, once on, stays on."},
			"profile": schema.StringAttribute{Optional: true, MarkdownDescription: "`web` tunes the volume for many small files that PHP reads: metadata is cached and invalidated by the servers.",
				Validators: []validator.String{stringvalidator.OneOf(gluster.ProfileWeb)}},
			"clients":  schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Addresses, patterns such as `10.0.0.*`, or names that may mount the volume, besides the nodes. An address that is taken out is disconnected at once, of which a plan warns where it knows all of them. Default: the nodes alone."},
			"firewall": cluster.FirewallAttribute("TCP 24007, 24008 and 49152 to 60999 at the node's `address`, for the nodes, all other members of their pool and `clients`"),
			"ping_timeout_seconds": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(gluster.DefaultPingTimeoutSeconds),
				MarkdownDescription: "After how long without an answer clients give up a server, 5 to 1013 s. One that vanishes silently stalls them for up to twice that. GlusterFS's own default of 42 s stalls writes for up to 84 s. Default: 10.", Validators: cluster.Between(5, 1013)},
			"allow_root_partition": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether a brick may lie on the root file system, which a full volume then fills. Default: false."},
			cluster.ProtectName:    cluster.ProtectAttribute(),
			"volume_id":            schema.StringAttribute{Computed: true, MarkdownDescription: "Identity of the volume, a UUID."},
			"mount": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "How a client mounts the volume.", Attributes: map[string]schema.Attribute{
				"source":         schema.StringAttribute{Computed: true, MarkdownDescription: "First server and volume: `10.0.0.11:/content`."},
				"backup_servers": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Servers to ask when the first does not answer at mount time."},
				"options":        schema.StringAttribute{Computed: true, MarkdownDescription: "Mount options for fstab or a mount unit."},
				"volume_id":      schema.StringAttribute{Computed: true, MarkdownDescription: "Identity of the volume, a UUID, by which a client tells it from another volume of the same name."},
			}},
		}, map[string]schema.Attribute{
			"data_device": dataDeviceAttribute("Its file system is mounted at the directory above the brick, so that without it there is no brick that could be filled."),
		}),
	}
}
