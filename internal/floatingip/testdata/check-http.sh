#!/bin/sh
# Managed by terraform-provider-ha (floating-ip db); changes are reverted.
# Exits with 0 if this machine may hold 10.0.0.100; else says why not.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unfit() {
    printf '%s\n' "$1"
    exit 1
}
[ ! -e /run/terraform-ha/drain ] || unfit 'the machine is drained: /run/terraform-ha/drain exists'
for record in /var/lib/terraform-ha/*.maintenance; do
    case $record in
    /var/lib/terraform-ha/floating-ip-db.maintenance) ;;
    /var/lib/terraform-ha/floating-ip-*.maintenance) continue ;;
    esac
    [ ! -e "$record" ] || unfit "the machine is in maintenance: $record exists"
done
answer=$(curl --silent --show-error --fail --globoff --noproxy '*' --max-time 2 --output /dev/null 'http://10.0.0.11:8080/health?a='\''b'\''&c=$(d)' 2>&1) ||
    unfit "$answer"
