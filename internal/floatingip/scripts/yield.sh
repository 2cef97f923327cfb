#!/bin/sh
# Managed by terraform-provider-ha (floating-ip); changes are reverted.
# The unit of a database runs this with "stopping" before its server is stopped, with
# "stopped" when it has ended, however it did, and with "started" when it serves. With the
# first two Keepalived releases the addresses at once, and says so to the other machines.
# Nothing here keeps a unit from stopping.
umask 022
cd /run/terraform-ha/vrrp 2>/dev/null || exit 0
# No floating IP has a dot in its name, which is also the name of the file of its role.
put() { printf '%s\n' "$1" >database.gone.$$ && mv -f database.gone.$$ database.gone; }
case $1 in
started) put 0 && exit 0 ;;
*) put 1 ;;
esac
[ "$1" = stopping ] || exit 0
here() {
    for file in /etc/keepalived/conf.d/terraform-ha-*.conf; do
        grep -q /run/terraform-ha/vrrp/database.gone "$file" 2>/dev/null || continue
        awk '$1 == "virtual_ipaddress" { inside = 1; next }
            $1 == "}" { inside = 0 }
            inside && $2 == "dev" { sub("/.*", "", $1); print $1 }' "$file"
    done | while read -r address; do
        [ -z "$(ip -o -4 address show to "$address/32")" ] || echo "$address"
    done
}
held=$(here)
[ -n "$held" ] || exit 0
# The server serves on until another machine answers at the addresses. If there is none
# that may have them, it stops after some 3 seconds all the same.
tries=0
while [ "$tries" -lt 16 ]; do
    tries=$((tries + 1))
    sleep 0.1
    [ -z "$(here)" ] || continue
    for address in $held; do
        ping -q -n -c 1 -W 1 "$address" >/dev/null 2>&1 && continue
        tries=$((tries + 4))
        continue 2
    done
    exit 0
done
exit 0
