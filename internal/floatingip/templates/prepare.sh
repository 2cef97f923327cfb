#!/bin/sh
# Managed by terraform-provider-ha (floating-ip); changes are reverted.
# Before Keepalived starts: packet filters that do not outlive a boot, and the
# folder where Keepalived's scripts note their state. Root's, as root reads and
# writes in it.
umask 022
mkdir -p /run/terraform-ha
install -d -m 0755 -o root -g root /run/terraform-ha/vrrp
rm -f /run/terraform-ha/vrrp/*
for rules in /etc/terraform-ha/vrrp/*.nft; do
    # A machine without its filter is better than one without its address.
    [ ! -e "$rules" ] || nft -f "$rules" || echo "cannot load $rules" >&2
done
exec /usr/lib/terraform-ha/keepalived-loaded
