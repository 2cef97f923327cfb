package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func glusterSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A replicated GlusterFS volume and its trusted pool. Every file is on several nodes, and clients can mount the volume from any of them.",
		Attributes: cluster.Attributes(ctx, map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true,
				MarkdownDescription: "Name of the volume: letters, digits, underscores and hyphens. It cannot change."},
			"brick_path": schema.StringAttribute{Required: true,
				MarkdownDescription: "Directory of the brick on each node without its own `brick_path`: an absolute path. Use a subdirectory of a separate " +
					"file system, so that a disk that is not mounted is not mistaken for an empty brick. It cannot change."},
			"replica": schema.Int64Attribute{Optional: true, Validators: cluster.AtLeast(3),
				MarkdownDescription: "Number of bricks in a set, an odd number, at least 3. Each brick has a copy of every file of its set. The number of " +
					"nodes must be a multiple of it; with more nodes, files are distributed over several sets. Only whole sets of nodes can join and leave. It cannot change. Default: 3."},
			"arbiter": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.OneOf(0, 1)},
				MarkdownDescription: "Number of arbiters in each set, 0 or 1. An arbiter stores the names of files and not their contents, and decides which " +
					"of two copies is right. With 1, `replica` must be 3. It cannot change. Default: 0."},
			"disperse": schema.Int64Attribute{Optional: true, Validators: cluster.AtLeast(3),
				MarkdownDescription: "Number of bricks in a dispersed set, at least 3. A dispersed set stores erasure-coded fragments of files instead of " +
					"copies, and is not suited for many small files. The number of nodes must be a multiple of it. It conflicts with " +
					"`replica` and `arbiter`, and cannot change. Default: none, the volume is replicated."},
			"redundancy": schema.Int64Attribute{Optional: true, Validators: cluster.AtLeast(1),
				MarkdownDescription: "Number of bricks that a dispersed set can lose, less than half of `disperse`. It cannot change. " +
					"Default: the largest for which the number of the other bricks is a power of two."},
			"order": schema.ListAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Keys of all nodes in the order of their bricks. It decides which nodes form a set; the last node of a set is its " +
					"arbiter. Default: the order of the keys. Nodes that join must not change the sets that exist."},
			"options": schema.MapAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Volume options by name, such as `\"cluster.lookup-optimize\" = \"on\"`. Only these options are managed, and those that " +
					"`profile`, `clients` and `ping_timeout_seconds` set. An option that is removed is reset, except `features.shard`, which " +
					"stays enabled. Values that break the guarantees of the volume, such as `cluster.quorum-type = none`, are refused, and " +
					"values with known problems cause a warning."},
			"profile": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{stringvalidator.OneOf(gluster.ProfileWeb, gluster.ProfileNone)},
				MarkdownDescription: "`web` tunes the volume for many small files that PHP reads: clients cache metadata, and the servers invalidate it. " +
					"`none` keeps GlusterFS's own options, as no value does.",
			},
			"clients": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Addresses, networks such as `10.0.0.0/24`, patterns such as `10.0.0.*`, or names that may mount the volume, besides the " +
					"nodes. A removed address that still has the volume mounted is admitted until the next apply, and disconnected then; a plan warns of it if all addresses are known. Default: only the nodes."},
			"firewall": cluster.FirewallAttribute("TCP 24007, 24008 and 49152 to 60999 at the node's `address` are open to the nodes, all other members of their pool and `clients`"),
			"ping_timeout_seconds": schema.Int64Attribute{
				Optional:   true,
				Computed:   true,
				Default:    int64default.StaticInt64(gluster.DefaultPingTimeoutSeconds),
				Validators: cluster.Between(5, 1013),
				MarkdownDescription: "Time in seconds after which clients disconnect from a brick that does not answer, 5 to 1013. A brick that hangs stalls clients for " +
					"up to twice this time. A machine that is lost, whose kernel acknowledges nothing, stalls them for two seconds less than this time, and at least 7: that is the option `client.tcp-user-timeout`. With GlusterFS's own " +
					"default of 42, writes stall for up to 84 s. Default: 10.",
			},
			"allow_root_partition": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether a brick may be on the root file system, which a full volume would fill. Default: false."},
			"version": schema.StringAttribute{Optional: true,
				MarkdownDescription: "Release of GlusterFS that the servers run, such as `10` or `10.3`. No volume is built with another one, and none is joined by machines with another one. The provider installs no other " +
					"release by itself: give the machines an archive with it, and `os` updates them one after the other. Once all servers run the release and everybody who is connected knows it, the operating version of the pool " +
					"(`cluster.op-version`) is raised to the highest that they allow, last of all. It cannot be lowered again, and older clients could not mount the volume any more: a plan names the clients that it waits for. " +
					"Default: none; the operating version stays as it is."},
			"split_brain": glusterDecision(),
			cluster.OnDestroyName: cluster.OnDestroyAttribute("What destroying the resource does: `keep` stops the volume and keeps its definition and the data of all bricks; `wipe` " +
				"deletes the volume and empties the bricks. " + cluster.KeepLimit + " Default: `keep`."),
			cluster.ProtectName: cluster.ProtectAttribute(),
			"volume_id":         schema.StringAttribute{Computed: true, MarkdownDescription: "UUID of the volume."},
			"mount": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "Values for mounting the volume.",
				Attributes: map[string]schema.Attribute{
					"source": schema.StringAttribute{Computed: true, MarkdownDescription: "Server and volume, such as `10.0.0.11:/content`."},
					"backup_servers": schema.ListAttribute{
						Computed:            true,
						ElementType:         types.StringType,
						MarkdownDescription: "Servers to use if the server of `source` does not answer while the volume is being mounted.",
					},
					"options": schema.StringAttribute{Computed: true, MarkdownDescription: "Mount options for fstab or a mount unit."},
					"volume_id": schema.StringAttribute{
						Computed:            true,
						MarkdownDescription: "UUID of the volume, with which a client distinguishes it from another volume of the same name.",
					},
				},
			},
		}, map[string]schema.Attribute{
			"maintenance": maintenanceAttribute("`drained`: the node serves its brick, and no other file server is restarted. `stopped`: glusterd and the bricks are "+
				"stopped in order, once nothing is left to be healed, and nothing else is changed on the machine until it is back. When the attribute is removed, they "+
				"start, and the node is back once it is healed. One node of each set may be in maintenance, while all others of the set serve.",
				tier.Drained, tier.Stopped),
			"brick_path": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Directory of this node's brick. Set it if the brick of an existing volume was replaced by hand; changing it does not " +
					"move a brick. Default: the resource's `brick_path`."},
			"data_device": dataDeviceAttribute("Its file system is mounted at the parent directory of the brick, so that without it there is no brick to write to."),
		}),
	}
}

func glusterDecision() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Decision of a person about files in split brain: files of which the bricks have different copies, each of which counts as the right one, " +
			"so that clients get errors. A plan lists them with what each brick has. One copy then overwrites the others, which are first kept below " +
			"`<brick_path>.split-brain/<attempt>` on their nodes and never deleted by the provider. Nothing is decided about a file that is not listed, and nothing " +
			"is done while a brick is missing or the policy does not choose for one of the files. It is acted on once for each `attempt`, and does nothing " +
			"afterwards, so it may stay in the configuration. It conflicts with `disperse`. Default: none.",
		Attributes: map[string]schema.Attribute{
			"policy": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.OneOf(gluster.PolicyLatest, gluster.PolicyBiggest, gluster.PolicySource)},
				MarkdownDescription: "Which copy counts: `latest-mtime` the one whose contents changed last, `bigger-file` the one with the most bytes, `source-brick` " +
					"the one of `source_node`. The first two do not choose between copies that are equal in this, and not for directories.",
			},
			"source_node": schema.StringAttribute{Optional: true,
				MarkdownDescription: "Key of the node whose copy counts with `source-brick`. It cannot be an arbiter, which has no contents. Default: none."},
			"files": schema.SetAttribute{
				Required: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1)},
				MarkdownDescription: "The files: paths from the root of the volume, such as `/images/a.jpg`, or identities, such as `gfid:0d3e8a5c-9c1c-4b3e-8f0a-3a1d5c6b7e8f`, " +
					"as the plan or `gluster volume heal <name> info split-brain` lists them. A file that is not in split brain is left as it is.",
			},
			"attempt": schema.Int64Attribute{
				Required: true, Validators: cluster.AtLeast(1),
				MarkdownDescription: "Number of the decision, 1 or higher. The nodes record it. An apply that was interrupted continues with the same number; " +
					"another decision needs a higher one.",
			},
		},
	}
}
