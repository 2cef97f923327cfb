#!/bin/sh
# Managed by terraform-provider-ha (floating-ip); changes are reverted.
# Before Keepalived starts: packet filters that do not outlive a boot, and the
# folder where Keepalived's scripts note their state. Root's, as root reads and
# writes in it.
umask 022
mkdir -p /run/terraform-ha
install -d -m 0755 -o root -g root /run/terraform-ha/vrrp
rm -f /run/terraform-ha/vrrp/*
/usr/lib/terraform-ha/keepalived-filters
exec /usr/lib/terraform-ha/keepalived-loaded
