#!/bin/sh
# Managed by terraform-provider-ha (floating-ip); changes are reverted.
# Moves addresses in order. The unit of a database runs this with "stopping" before its
# server is stopped, with "stopped" when it has ended, however it did, and with "started"
# when it serves. With the first two Keepalived releases the addresses at once, and says so
# to the other machines. What drains the machine runs it with "draining", the seconds within
# which the checks fail then, and the file that makes them fail, and with "drained" when the
# drain ends. "pausing" only holds requests back: the unit of Keepalived runs it before
# Keepalived stops, and with a name what takes one floating IP from the machine.
# Nothing here keeps a unit from stopping.
umask 022
cd /run/terraform-ha/vrrp 2>/dev/null || exit 0
# put writes whether the database is gone, as Keepalived reads it, and notes with a second
# argument that it is a drain which says so. No floating IP has a dot in its name, which is
# also the name of the file of its role.
put() {
    (
        flock 9
        rm -f database.drained
        [ -z "$2" ] || : >database.drained
        printf '%s\n' "$1" >database.gone.$$ && mv -f database.gone.$$ database.gone
    ) 9>database.lock
}
# serve takes back what a drain has said, unless the database has spoken since.
serve() {
    (
        flock 9
        [ -e database.drained ] || exit 0
        printf '0\n' >database.gone.$$ && mv -f database.gone.$$ database.gone
        rm -f database.drained
    ) 9>database.lock
}
# here prints the addresses that the machine has of the floating IPs with a word in their
# files, each behind the table of its packet filter.
here() {
    for file in /etc/keepalived/conf.d/terraform-ha-${2:-*}.conf; do
        grep -q "$1" "$file" 2>/dev/null || continue
        table=${file##*/terraform-ha-}
        awk '$1 == "virtual_ipaddress" { inside = 1; next }
            $1 == "}" { inside = 0 }
            inside && $2 == "dev" { sub("/.*", "", $1); print $1 }' "$file" |
            while read -r address; do
                [ -z "$(ip -o -4 address show to "$address/32")" ] || echo "terraform_ha_vrrp_${table%.conf} $address"
            done
    done
}
# clock is in hundredths of a second.
clock() {
    read -r now rest </proc/uptime
    now=${now%.*}${now#*.}
}
# busy reports whether an address has a connection that has sent or received something
# within some milliseconds, or was asked and has not answered. ss leaves out times of zero.
busy() {
    echo "$paused" | while read -r _ address; do ss -HtniO state established src "$address" || echo 1; done |
        awk -v quiet="$1" '{ sent = received = 0
            for (i = 5; i <= NF; i++) {
                if ($i ~ /^lastsnd:/) sent = substr($i, 9) + 0
                if ($i ~ /^lastrcv:/) received = substr($i, 9) + 0
            }
            if ($1 > 0 || $2 > 0 || received < sent || sent < quiet || received < quiet) busy = 1 }
            END { exit !busy }' 2>/dev/null
}
# pause holds new connections back and waits until the requests that are under way have
# ended. A request makes several statements and thinks between them, so for most of the time
# any connection that was in use lately counts, and in the end those that wait for an answer.
# A client sends its first packet again after a second (RFC 6298, 2.1), and by then another
# machine is to have the address. The kernel forgets what is held back, whatever becomes
# of this program.
pause() {
    [ -n "$held" ] || return 0
    paused=$(echo "$held" | while read -r table address; do
        ! nft add element inet "$(echo "$table" | tr - _)" held "{ $address timeout 2s }" 2>/dev/null || echo "$table $address"
    done)
    [ -n "$paused" ] || return 0
    clock
    begun=$now
    while sleep 0.05 && clock && [ $((now - begun)) -lt 60 ]; do
        quiet=500
        [ $((now - begun)) -lt 45 ] || quiet=10
        busy "$quiet" || break
    done
}
database=vrrp/database.gone
timer=terraform-ha-drained
case $1 in
started) put 0 ;;
stopped) put 1 ;;
drained) serve ;;
pausing)
    held=$(here . "$2")
    pause
    ;;
draining)
    held=$(here $database)
    [ -n "$held" ] || exit 0
    # The record of one floating IP moves that one alone, and every floating IP of a database
    # reads the same file, also those that another machine holds.
    name=${3##*/floating-ip-}
    configured=/etc/keepalived/conf.d/terraform-ha-
    [ "$name" = "$3" ] || [ "$(grep -ls $database "$configured"*.conf)" = "$configured${name%.maintenance}.conf" ] || exit 0
    # The timer of an earlier drain would end this one. Without the accuracy systemd may be
    # a minute late.
    systemctl stop $timer.timer $timer.service 2>/dev/null
    systemd-run --quiet --collect --unit=$timer --timer-property=AccuracySec=1s --on-active="$2" "$0" drained 2>/dev/null || {
        serve
        exit 0
    }
    pause
    put 1 drained
    ;;
stopping)
    held=$(here $database)
    pause
    put 1
    ;;
esac
[ "$1" = stopping ] && [ -n "$held" ] || exit 0
# The server serves on until another machine answers at the addresses. If there is none
# that may have them, it stops after some 3 seconds all the same.
tries=0
while [ "$tries" -lt 16 ]; do
    tries=$((tries + 1))
    sleep 0.1
    [ -z "$(here $database)" ] || continue
    # shellcheck disable=SC2046 # words
    for address in $(echo "$held" | cut -d' ' -f2); do
        ping -q -n -c 1 -W 1 "$address" >/dev/null 2>&1 && continue
        tries=$((tries + 4))
        continue 2
    done
    exit 0
done
exit 0
