<?php
// Removes the posts and uploads whose titles begin as the drill's do.
$_SERVER['HTTP_HOST'] = 'localhost';
require getcwd() . '/wp-load.php';
global $wpdb;
$like = $wpdb->esc_like($argv[1]) . '%';
foreach (['post' => 'wp_delete_post', 'attachment' => 'wp_delete_attachment'] as $type => $delete) {
    foreach ($wpdb->get_col($wpdb->prepare("SELECT ID FROM $wpdb->posts WHERE post_type = %s AND (post_title LIKE %s OR post_title LIKE %s)", $type, $like, sanitize_title($argv[1]) . '%')) as $id) {
        $delete((int) $id, true);
    }
}
