<?php
// Replaces the files, from an archive that was unpacked.
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
