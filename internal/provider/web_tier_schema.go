package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func webTierSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Apache with PHP-FPM on several nodes that serve the same site, usually from a shared volume and behind a load balancer. " +
			"A node is drained before it is changed, and must be healthy before the next one is.",
		Attributes: cluster.Attributes(ctx, map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the site on its machines. It cannot change."},
			cluster.OnDestroyName: cluster.OnDestroyAttribute("What destroying the resource does: `keep` stops serving the site, unmounts the volume and " +
				"keeps all files; `wipe` also deletes the files of the site, also from a shared volume. Default: `keep`."),
			"mount": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "The shared volume: the attribute `mount` of `ha_gluster_volume`. Default: none; each node has its own files.",
				Attributes: map[string]schema.Attribute{
					"source": schema.StringAttribute{Required: true, MarkdownDescription: "Server and volume, such as `10.0.0.11:/content`."},
					"backup_servers": schema.ListAttribute{
						Optional:            true,
						ElementType:         types.StringType,
						MarkdownDescription: "Servers to use if the server of `source` does not answer while the volume is being mounted.",
					},
					"options": schema.StringAttribute{Optional: true, MarkdownDescription: "Mount options, separated by commas."},
					"volume_id": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "UUID of the volume. A site in service cannot move to a volume with another UUID. Default: unknown; the name of the volume is compared.",
					},
				},
			},
			"site_id": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "Random number that identifies the site on the volume. If the volume does not have it, plan and apply are refused, even " +
					"if all machines were replaced. Replacing the resource creates a new site. Null without a mount.",
			},
			"mount_point": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				MarkdownDescription: "Directory at which the volume is mounted. Default: the first two levels of the document root, such as `/srv/www`.",
			},
			"document_root": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Directory of the site: an absolute path, below the mount point if there is a mount. It belongs to `www-data`. The " +
					"directories above it must belong to root and be writable only by root. It cannot change.",
			},
			"server_name":    schema.StringAttribute{Optional: true, MarkdownDescription: "Host name of the site. Default: every name."},
			"server_aliases": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Further host names of the site."},
			"port": schema.Int64Attribute{
				Optional:            true,
				Computed:            true,
				Default:             int64default.StaticInt64(80),
				MarkdownDescription: "TCP port that Apache listens on. It cannot change, because the load balancer uses it. Default: 80.",
				Validators:          cluster.Between(1, 65535),
			},
			"php": schema.BoolAttribute{
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(true),
				MarkdownDescription: "Whether PHP files are executed. Default: true.",
			},
			"php_settings": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Settings of php.ini for this site, by name, such as `upload_max_filesize = \"64M\"`. Text is quoted in php.ini, except " +
					"for `error_reporting`, which may contain PHP's constants: `\"E_ALL & ~E_DEPRECATED\"`. Unless it is set, `post_max_size` " +
					"is raised to a larger `upload_max_filesize`. PHP-FPM's own limit for a page (300 s) is raised to a larger " +
					"`max_execution_time`. A name that PHP does not know is refused at apply, on the first node; a setting of an extension " +
					"that is not loaded causes a warning. `open_basedir` must contain the document root, and with WordPress " +
					"`.terraform-ha/<name>` at the mount point and `/tmp`.",
			},
			"php_workers": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Number of requests that PHP processes at the same time on a node, 1 to 2000. Default: derived from the memory.",
				Validators:          cluster.Between(1, 2000),
			},
			"sessions": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString("local"),
				MarkdownDescription: "Where PHP stores sessions: `local`, on the disk of each node, so that a visitor has a separate session on each node; or " +
					"`shared`, on the volume, where all nodes can read them, but which disables the caches of the mount. WordPress does not " +
					"use PHP sessions. Default: `local`.",
			},
			"trusted_proxies": schema.SetAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Addresses and networks whose headers X-Forwarded-For (address of the visitor) and X-Forwarded-Proto (HTTPS) are " +
					"trusted. X-Forwarded-Proto from other addresses is removed. Default: `192.168.255.0/24`, the source network of Linode's " +
					"NodeBalancers.",
			},
			"allow_override": schema.BoolAttribute{
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
				MarkdownDescription: "Whether .htaccess files are used. Each request then reads every directory of its path from the volume. Default: false.",
			},
			"health_path": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString("/healthz"),
				MarkdownDescription: "Path of the health check. It answers 200 while the node can serve and 503 otherwise, such as while it cannot read the " +
					"volume. It cannot change, because the load balancer uses it. Default: `/healthz`.",
			},
			"check": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "Page that a changed node must serve before it receives visitors and before the next node is changed. If another node " +
					"serves the page and the changed node does not, the changed node returns to its previous configuration and the apply ends. The page is " +
					"also requested from every node at the end of an apply. Default: none; only the health path is used.",
				Attributes: map[string]schema.Attribute{
					"path": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "Path of the page, with its query if it has one, such as `/`. It is requested from the host `server_name`, or from the host of WordPress's `url`.",
					},
					"status": schema.Int64Attribute{
						Optional:            true,
						Computed:            true,
						Default:             int64default.StaticInt64(200),
						MarkdownDescription: "Expected HTTP status, 200 to 599. Redirects are not followed. Default: 200.",
						Validators:          cluster.Between(200, 599),
					},
					"contains": schema.StringAttribute{Optional: true, MarkdownDescription: "Text that the page must contain. Default: any."},
				},
			},
			"packages": schema.SetAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Further packages to install, such as PHP extensions.",
			},
			"nodebalancer": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "NodeBalancer configuration at which nodes are drained before they are changed. Default: none.",
				Attributes: map[string]schema.Attribute{
					"id":        schema.Int64Attribute{Required: true, MarkdownDescription: "ID of the NodeBalancer.", Validators: cluster.AtLeast(1)},
					"config_id": schema.Int64Attribute{Required: true, MarkdownDescription: "ID of its configuration.", Validators: cluster.AtLeast(1)},
				},
			},
			"backends": schema.MapAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Addresses of the nodes in the NodeBalancer configuration, by node. Default: the `address` of each node.",
			},
			"drain_seconds": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Longest time in seconds for visitors to leave a drained node, 0 to 3600. Behind a NodeBalancer a drain ends as soon as its health check reports the node down and no connection is open. Default: 60 behind a NodeBalancer, which takes up to a minute to act; otherwise 0.",
				Validators:          cluster.Between(0, 3600),
			},
			"wordpress": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "WordPress in the document root. It is copied and installed once; after that, WordPress manages its own files. Default: none.",
				Attributes: map[string]schema.Attribute{
					"url": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "URL of the site: scheme, host name and port, such as `https://shop.example.org`. It has no path, because WordPress is served at the root.",
					},
					"title": schema.StringAttribute{Optional: true, MarkdownDescription: "Title of the site. Default: `WordPress`."},
					"admin_user": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "Login of the first administrator. Default: the name of the tier followed by `-admin`.",
					},
					"admin_email": schema.StringAttribute{Required: true, MarkdownDescription: "Email address of the first administrator."},
					"admin_password_wo": schema.StringAttribute{
						Required:            true,
						WriteOnly:           true,
						Sensitive:           true,
						MarkdownDescription: "Password of the first administrator, used once for the installation. It reaches neither plan nor state.",
					},
					"database_host": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "Address of the database: the floating IP, followed by `:port` if the port is not 3306.",
					},
					"database_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the database. It must exist."},
					"database_user": schema.StringAttribute{Required: true, MarkdownDescription: "Database user. It must exist."},
					"database_password_wo": schema.StringAttribute{
						Required:            true,
						WriteOnly:           true,
						Sensitive:           true,
						MarkdownDescription: "Password of the database user. It reaches neither plan nor state.",
					},
					"password_wo_version": schema.Int64Attribute{Required: true, MarkdownDescription: "Increment to apply a new `database_password_wo`."},
					"table_prefix":        schema.StringAttribute{Optional: true, MarkdownDescription: "Prefix of the names of tables. Default: `wp_`."},
					"source_url": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "URL of a .tar.gz archive of WordPress, such as those of wordpress.org. An archive of a newer version updates the site. " +
							"Default: the package of the distribution.",
					},
					"source_sha256": schema.StringAttribute{Optional: true, MarkdownDescription: "SHA-256 checksum of the archive, in hexadecimal digits."},
					"updates": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "Updates that WordPress installs in its scheduled jobs, which run on one node: `minor` installs security and maintenance " +
							"releases of its version from wordpress.org, `none` installs nothing. Default: `minor`.",
					},
					"program_files": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "Whether PHP can write the program files of WordPress: `writable`, so that plugins, themes and updates can be installed " +
							"in the dashboard; or `read_only`: the files belong to the user `wordpress-files`, who installs `updates`, and the " +
							"dashboard installs nothing. Default: `writable`.",
					},
					"writable_directories": schema.SetAttribute{
						Optional:    true,
						ElementType: types.StringType,
						MarkdownDescription: "Directories that PHP can write although `program_files` is `read_only`, such as `wp-content/cache` for a plugin: " +
							"relative to the document root, below `wp-content`. PHP files in them are not executed. Default: none but " +
							"`wp-content/uploads`.",
					},
					"xmlrpc": schema.BoolAttribute{
						Optional:            true,
						MarkdownDescription: "Whether visitors can reach `xmlrpc.php`, which some applications use to log in. Default: false.",
					},
				},
			},
		}, map[string]schema.Attribute{
			"maintenance": maintenanceAttribute("`drained`: the health endpoint answers 503 and the node's mode at the NodeBalancer is `drain`; the servers run, and changes are "+
				"applied. `stopped`: after `drain_seconds` Apache is stopped and its unit masked, and nothing else is changed on the machine until it is back. When the "+
				"attribute is removed, the node serves before it is back at the NodeBalancer. Half of the nodes have to remain in service, and of two nodes one.",
				tier.Drained, tier.Stopped),
		}),
	}
}
