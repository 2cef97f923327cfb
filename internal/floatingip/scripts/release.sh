#!/bin/sh
# Managed by terraform-provider-ha (floating-ip); changes are reverted.
# After Keepalived ended: removes every address that it may have left behind.
for file in /etc/keepalived/conf.d/terraform-ha-*.conf; do
    [ -e "$file" ] || continue
    awk '$1 == "virtual_ipaddress" { inside = 1; next }
        $1 == "}" { inside = 0 }
        inside && $2 == "dev" { print $1, $3 }' "$file" |
        while read -r address interface; do
            ip address del "$address" dev "$interface" 2>/dev/null
        done
done
rm -f /run/terraform-ha/vrrp/*
exit 0
