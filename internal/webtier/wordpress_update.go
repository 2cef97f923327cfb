package webtier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// outdated reports whether the declared archive is another one than the site was last
// made or updated from. The distribution's package has no say once it was copied: what
// it holds is as old as the distribution.
func (w WordPress) outdated(seen WordPressStatus) bool {
	return !w.fromPackage() && seen.Installed && seen.Source != w.SHA256
}

var updateWordPressScript = shell.Embedded(scripts, "wordpress-update")

// loadCode is how a program under PHP becomes a part of the site, without its plugins
// and themes: who can write the database decides which of them are run, and must not
// decide what the owner of program files runs.
const loadCode = `
$_SERVER['HTTP_HOST'] = 'localhost';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
mysqli_report(MYSQLI_REPORT_OFF);
define('WP_INSTALLING', true);
define('DISALLOW_FILE_MODS', false);
require getcwd() . '/wp-load.php';
wp_installing(false);
require ABSPATH . 'wp-admin/includes/admin.php';
`

// updateCode replaces the files, from an archive that was unpacked.
const updateCode = loadCode + `
require ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
function fail($why) { fwrite(STDERR, "$why\n"); exit(3); }
$given = (function ($file) { require $file; return $wp_version; })($argv[1] . '/wordpress/wp-includes/version.php');
if (version_compare($given, $GLOBALS['wp_version'], '<=')) exit(0);
if (!WP_Filesystem()) fail('the files of WordPress cannot be written');
if (!WP_Upgrader::create_lock('core_updater', 1800)) fail('another update is under way');
$work = WP_CONTENT_DIR . '/upgrade/terraform-ha-' . bin2hex(random_bytes(8));
wp_mkdir_p("$work/wordpress");
$result = copy_dir($argv[1] . '/wordpress', "$work/wordpress", ['wp-config.php', '.htaccess']);
if (!is_wp_error($result)) {
    require "$work/wordpress/wp-admin/includes/update-core.php";
    $result = update_core($work, ABSPATH);
}
$GLOBALS['wp_filesystem']->delete($work, true);
WP_Upgrader::release_lock('core_updater');
if (is_wp_error($result)) fail($result->get_error_message() . ' ' . json_encode($result->get_error_data()));
`

// upgradeCode changes the database to what the new files want, where it has to be.
const upgradeCode = loadCode + `
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_upgrade();
echo "terraform-ha:done\n";
`

func updateWordPress(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		w := s.WordPress
		return h.RunDetached(ctx, "update WordPress in "+s.DocumentRoot,
			shell.Script(updateWordPressScript, s.DocumentRoot, s.state(), s.filesOwner(), w.Source, w.SHA256, updateCode, upgradeCode))
	}
}
