<?php
// Changes the database to what the new files want, where it has to be.
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_upgrade();
echo "terraform-ha:done\n";
