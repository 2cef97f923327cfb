#!/bin/sh
# Managed by terraform-provider-ha (floating-ip); changes are reverted.
# Keepalived calls this with: INSTANCE, its name, its new state, its priority.
umask 022
cd /run/terraform-ha/vrrp || exit 0
printf '%s\n' "$3" >"$2.new" && mv -f "$2.new" "$2"
