<?php
// Fills the database, unless it is filled. wp_mail is replaced because the installer would
// tell the administrator by mail, which a new machine cannot send.
$in = json_decode(stream_get_contents(STDIN), true, 8, JSON_THROW_ON_ERROR);
$url = parse_url($in['url']);
$_SERVER['HTTP_HOST'] = $url['host'] . (isset($url['port']) ? ':' . $url['port'] : '');
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD'] = 'GET';
if ($url['scheme'] === 'https') { $_SERVER['HTTPS'] = 'on'; }
mysqli_report(MYSQLI_REPORT_OFF);
define('WP_INSTALLING', true);
function wp_mail() { return true; }
require getcwd() . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
global $wpdb;
if (!empty($wpdb->error) || !$wpdb->check_connection(false)) { fwrite(STDERR, "cannot reach the database\n"); exit(3); }
if (!is_blog_installed()) {
    if ($in['password'] === '') { fwrite(STDERR, "the administrator's password is not known\n"); exit(4); }
    wp_install($in['title'], $in['user'], $in['email'], true, '', wp_slash($in['password']));
    if (!is_blog_installed()) { fwrite(STDERR, "the installer made no tables: " . $wpdb->last_error . "\n"); exit(5); }
}
if (!wp_get_theme()->exists()) {
    $themes = array_keys(wp_get_themes());
    if (!$themes) { fwrite(STDERR, "there is no theme\n"); exit(6); }
    switch_theme($themes[0]);
}
echo "terraform-ha:done\n";
