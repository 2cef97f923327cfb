package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
)

func glusterSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A GlusterFS volume and the trusted pool that it lies on: every file on several machines, self-healing, mountable from any of them.",
		Attributes: cluster.Attributes(ctx, map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true,
				MarkdownDescription: "Name of the volume: letters, digits, underscores and hyphens. It cannot change."},
			"brick_path": schema.StringAttribute{Required: true,
				MarkdownDescription: "Directory of the brick on each node that has no `brick_path` of its own: an absolute path, " +
					"best a subdirectory of a separate file system, so that a disk that is not mounted is not taken for an empty brick. It cannot change."},
			"replica": schema.Int64Attribute{Optional: true, Validators: cluster.AtLeast(3),
				MarkdownDescription: "Number of bricks in a set, an odd number, at least 3. Each brick has a copy of every file of its set. " +
					"The number of nodes is a multiple of it: with more nodes than one set has, files are distributed over several sets. It cannot change. Default: 3."},
			"arbiter": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.OneOf(0, 1)},
				MarkdownDescription: "Number of bricks in each set that are arbiters, 0 or 1. An arbiter has the names of files and not their contents, and decides which of the two copies is right. " +
					"With 1, `replica` is 3. It cannot change. Default: 0."},
			"disperse": schema.Int64Attribute{Optional: true, Validators: cluster.AtLeast(3),
				MarkdownDescription: "Number of bricks in a dispersed set, at least 3, which has erasure-coded fragments of files instead of copies; not for many small files. " +
					"The number of nodes is a multiple of it. It excludes `replica` and `arbiter`, and cannot change. Default: none, the volume is replicated."},
			"redundancy": schema.Int64Attribute{Optional: true, Validators: cluster.AtLeast(1),
				MarkdownDescription: "Number of bricks that a dispersed set can lose, less than half of `disperse`. It cannot change. " +
					"Default: the largest for which the number of the other bricks is a power of two."},
			"order": schema.ListAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Keys of all nodes in the order of their bricks, which decides which nodes form a set, and that the last of a set is its arbiter. Default: the order of the keys."},
			"options": schema.MapAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Volume options by name, such as `\"cluster.lookup-optimize\" = \"on\"`. " +
					"Only these are managed, with those that `profile`, `clients` and `ping_timeout_seconds` stand for; one that is taken out is reset. " +
					"Values that break what the volume promises, such as `cluster.quorum-type = none`, are refused, and values with known problems are warned of. `features.shard`, once on, stays on."},
			"profile": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf(gluster.ProfileWeb)},
				MarkdownDescription: "`web` tunes the volume for many small files that PHP reads: metadata is cached and invalidated by the servers. Default: GlusterFS's own options."},
			"clients": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Addresses, patterns such as `10.0.0.*`, or names that may mount the volume, besides the nodes. " +
					"An address that is taken out is disconnected at once, of which a plan warns where it knows all of them. Default: the nodes alone."},
			"firewall": cluster.FirewallAttribute("TCP 24007, 24008 and 49152 to 60999 at the node's `address`, for the nodes, all other members of their pool and `clients`"),
			"ping_timeout_seconds": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(gluster.DefaultPingTimeoutSeconds),
				Validators: cluster.Between(5, 1013),
				MarkdownDescription: "After how long without an answer clients give up a server, 5 to 1013 s. One that vanishes silently stalls them for up to twice that. " +
					"GlusterFS's own default of 42 s stalls writes for up to 84 s. Default: 10."},
			"allow_root_partition": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether a brick may lie on the root file system, which a full volume then fills. Default: false."},
			cluster.OnDestroyName: cluster.OnDestroyAttribute("What destroying the resource does: `keep` stops the volume and leaves its definition " +
				"and every brick's data in place; `wipe` deletes the volume and empties the bricks. " + cluster.KeepLimit + " Default: `keep`."),
			cluster.ProtectName: cluster.ProtectAttribute(),
			"volume_id":         schema.StringAttribute{Computed: true, MarkdownDescription: "Identity of the volume, a UUID."},
			"mount": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "How a client mounts the volume.", Attributes: map[string]schema.Attribute{
				"source":         schema.StringAttribute{Computed: true, MarkdownDescription: "First server and volume: `10.0.0.11:/content`."},
				"backup_servers": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Servers to ask when the first does not answer at mount time."},
				"options":        schema.StringAttribute{Computed: true, MarkdownDescription: "Mount options for fstab or a mount unit."},
				"volume_id":      schema.StringAttribute{Computed: true, MarkdownDescription: "Identity of the volume, a UUID, by which a client tells it from another volume of the same name."},
			}},
		}, map[string]schema.Attribute{
			"brick_path": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Directory of this node's brick. For a volume that exists it says where the brick is, such as after somebody has replaced it by hand, and moves none. Default: the resource's `brick_path`."},
			"data_device": dataDeviceAttribute("Its file system is mounted at the directory above the brick, so that without it there is no brick that could be filled."),
		}),
	}
}
