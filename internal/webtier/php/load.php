<?php
// Other programs are appended to this one, which makes them a part of the site, without
// its plugins and themes: who can write the database decides which of them are run, and
// must not decide what the owner of program files runs.
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
