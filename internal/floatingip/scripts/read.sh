: keepalived-read
IFS= read -r read </run/terraform-ha/keepalived-loaded || exit 0
now=$(cat /etc/keepalived/keepalived.conf /etc/keepalived/conf.d/*.conf 2>/dev/null | sha256sum)
[ "$read" = "$now" ] && echo current || echo stale
