#!/bin/sh
# Managed by terraform-provider-ha (floating-ip); changes are reverted.
# Loads the packet filters of this machine's floating IPs.
for rules in /etc/terraform-ha/vrrp/*.nft; do
    # A machine without its filter is better than one without its address.
    [ ! -e "$rules" ] || nft -f "$rules" || echo "cannot load $rules" >&2
done
exit 0
