package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
)

func webTierSchema(ctx context.Context) schema.Schema {
	onDestroy := "What destroying the resource does on each node: `keep` stops serving the site, unmounts the volume and leaves every file; `wipe` also deletes the site's files, which are then gone from the shared volume. Default: `keep`."
	return schema.Schema{
		MarkdownDescription: "Apache with PHP-FPM on several machines that serve the same site, usually from a shared volume, behind a NodeBalancer. A node is drained before it is touched and must be healthy before the next one.",
		Attributes: cluster.Attributes(ctx, onDestroy, map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the site on its machines. It cannot change."},
			"mount": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The shared volume, as `ha_gluster_volume` exports it. Default: none; every node then has files of its own.", Attributes: map[string]schema.Attribute{
				"source":         schema.StringAttribute{Required: true, MarkdownDescription: "First server and volume: `10.0.0.11:/content`."},
				"backup_servers": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Servers to ask when the first does not answer at mount time."},
				"options":        schema.StringAttribute{Optional: true, MarkdownDescription: "Mount options, separated by commas."},
				"volume_id":      schema.StringAttribute{Optional: true, MarkdownDescription: "Identity of the volume, a UUID. A site that is served cannot move to a volume with another one. Default: unknown; the volume's name is compared then."},
			}},
			"site_id":         schema.StringAttribute{Computed: true, MarkdownDescription: "Number of the site on the volume, drawn when its directory was made. Where it is known and the volume does not have it, plan and apply are refused, even if all machines were made anew and remember nothing. Replacing the resource begins a new site. Null without a mount."},
			"mount_point":     schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Where the volume is mounted. Default: the first two levels of the document root, such as `/srv/www`."},
			"document_root":   schema.StringAttribute{Required: true, MarkdownDescription: "Directory of the site: an absolute path, below the mount point if there is a mount. It belongs to `www-data`; the directories above it belong to root, and only root may write to them. It cannot change."},
			"server_name":     schema.StringAttribute{Optional: true, MarkdownDescription: "Host name of the site. Default: every name."},
			"server_aliases":  schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Further host names."},
			"port":            schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(80), MarkdownDescription: "TCP port that Apache listens on. Cannot change in place: the balancer in front knows it. Default: 80.", Validators: cluster.Between(1, 65535)},
			"php":             schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true), MarkdownDescription: "Whether PHP files are run. Default: true."},
			"php_settings":    schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Settings of php.ini for this site, by name, such as `upload_max_filesize = \"64M\"`. Text is quoted in php.ini, except for `error_reporting`, which may be made of PHP's constants: `\"E_ALL & ~E_DEPRECATED\"`. `post_max_size` follows a larger `upload_max_filesize` unless it is set, and PHP-FPM's own limit for a page (300 s) follows `max_execution_time`. A name that PHP does not know is refused at apply, on the first node; one of an extension that is not loaded is warned of. `open_basedir` has to hold the document root, and with WordPress `.terraform-ha/<name>` at the mount point and `/tmp`."},
			"php_workers":     schema.Int64Attribute{Optional: true, MarkdownDescription: "How many requests PHP works on at once. Default: by the machine's memory.", Validators: cluster.Between(1, 2000)},
			"sessions":        schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("local"), MarkdownDescription: "Where PHP keeps sessions: `local`, on each node's own disk, so that a visitor who comes to another node has another session; or `shared`, on the volume, where every node finds them, at the price of asking the volume's servers at each look at a file. WordPress itself uses none. Default: `local`."},
			"trusted_proxies": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Addresses and networks that may say who the visitor is, in X-Forwarded-For, and whether by HTTPS, in X-Forwarded-Proto. From everybody else the second header is dropped. Default: `192.168.255.0/24`, where Linode's NodeBalancers come from."},
			"allow_override":  schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether .htaccess files count, at the price of a look at the volume per directory and request. Default: false."},
			"health_path":     schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("/healthz"), MarkdownDescription: "Path that answers 200 while the node can serve and 503 while it cannot: it reads the volume with a time limit. Cannot change in place: the balancer in front asks for it. Default: `/healthz`."},
			"check": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "A page by which a change is judged: it is asked for on a changed node before visitors get there again, and before the next node is changed. While another node serves it as it must and the changed one does not, the changed one stays out of service and the apply ends. It is also asked for on every node at the end of an apply. Default: none; the health path alone says whether a node can serve.", Attributes: map[string]schema.Attribute{
				"path":     schema.StringAttribute{Required: true, MarkdownDescription: "Path of the page, with its query if it has one, such as `/`. It is asked for under `server_name`, or the host of WordPress's `url`."},
				"status":   schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(200), MarkdownDescription: "HTTP status that it must answer with, 200 to 599. Redirects are not followed. Default: 200.", Validators: cluster.Between(200, 599)},
				"contains": schema.StringAttribute{Optional: true, MarkdownDescription: "Text that must be in the page. Default: any."},
			}},
			"packages": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Further packages to install, such as PHP extensions."},
			"nodebalancer": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The NodeBalancer configuration in front of the tier. A node is drained there before it is touched. Default: none.", Attributes: map[string]schema.Attribute{
				"id":        schema.Int64Attribute{Required: true, MarkdownDescription: "Id of the NodeBalancer.", Validators: cluster.AtLeast(1)},
				"config_id": schema.Int64Attribute{Required: true, MarkdownDescription: "Id of its configuration.", Validators: cluster.AtLeast(1)},
			}},
			"backends":      schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Addresses under which the NodeBalancer knows the nodes, by node. Default: each node's `address`."},
			"drain_seconds": schema.Int64Attribute{Optional: true, MarkdownDescription: "How long visitors get to leave a drained node. Default: 60 behind a NodeBalancer, which takes up to a minute to act; otherwise 0.", Validators: cluster.Between(0, 3600)},
			"wordpress": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "A WordPress in the document root: copied there and installed exactly once, and WordPress's own from then on.", Attributes: map[string]schema.Attribute{
				"url":                  schema.StringAttribute{Required: true, MarkdownDescription: "Address of the site as visitors write it: scheme, host name and port, such as `https://shop.example.org`. It has no path, because the site is served at its root."},
				"title":                schema.StringAttribute{Optional: true, MarkdownDescription: "Title of the site. Default: `WordPress`."},
				"admin_user":           schema.StringAttribute{Optional: true, MarkdownDescription: "Login of the first administrator. Default: the name of the tier with `-admin`."},
				"admin_email":          schema.StringAttribute{Required: true, MarkdownDescription: "Mail address of the first administrator."},
				"admin_password_wo":    schema.StringAttribute{Required: true, WriteOnly: true, Sensitive: true, MarkdownDescription: "Password of the first administrator, used once, when the site is installed. It reaches neither plan nor state."},
				"database_host":        schema.StringAttribute{Required: true, MarkdownDescription: "Address of the database: the floating IP, with `:port` if it is not 3306."},
				"database_name":        schema.StringAttribute{Required: true, MarkdownDescription: "Name of the database. It must exist."},
				"database_user":        schema.StringAttribute{Required: true, MarkdownDescription: "User of the database. It must exist."},
				"database_password_wo": schema.StringAttribute{Required: true, WriteOnly: true, Sensitive: true, MarkdownDescription: "Password of the database user. It reaches neither plan nor state."},
				"password_wo_version":  schema.Int64Attribute{Required: true, MarkdownDescription: "Counter of yours: another number writes the database password again."},
				"table_prefix":         schema.StringAttribute{Optional: true, MarkdownDescription: "Prefix of the tables. Default: `wp_`."},
				"source_url":           schema.StringAttribute{Optional: true, MarkdownDescription: "URL of a .tar.gz archive of WordPress, as wordpress.org has them. Another archive later updates the site, if it is of a newer version. Default: the distribution's package."},
				"source_sha256":        schema.StringAttribute{Optional: true, MarkdownDescription: "SHA-256 checksum of that archive, in hexadecimal."},
				"updates":              schema.StringAttribute{Optional: true, MarkdownDescription: "What WordPress updates of itself, in its scheduled work and so on one node: `minor` takes security and maintenance releases of its version from wordpress.org, `none` nothing. Default: `minor`."},
				"program_files":        schema.StringAttribute{Optional: true, MarkdownDescription: "Whether pages may write WordPress's program files: `writable`, all of them, so that plugins, themes and updates can be installed in the dashboard; or `read_only`, none: they belong to the user `wordpress-files`, as whom `updates` are taken, and the dashboard installs nothing. Default: `writable`."},
				"writable_directories": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Directories that pages may write although `program_files` is `read_only`, because a plugin needs them, such as `wp-content/cache`: relative to the document root, below `wp-content`. No PHP is run for a request there. Default: none but `wp-content/uploads`."},
				"xmlrpc":               schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether visitors reach `xmlrpc.php`, which some applications log in through. Default: false."},
			}},
		}, nil),
	}
}
