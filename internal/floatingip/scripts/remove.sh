: keepalived-remove
# Takes one floating IP from a machine. What several share goes with the last marker:
# another floating IP may be on its way and have no more than that. Arguments are the
# name, the table, our marker, what other tiers read and the addresses.
set -eu
umask 022
mkdir -p /run/terraform-ha
exec 9>/run/terraform-ha/keepalived.lock
flock 9
main=/etc/keepalived/keepalived.conf
[ ! -x /usr/lib/terraform-ha/keepalived-yield ] || /usr/lib/terraform-ha/keepalived-yield pausing "$1" || true
rm -f -- "/etc/keepalived/conf.d/terraform-ha-$1.conf"
others=no
for m in /var/lib/terraform-ha/floating-ip-*.json; do [ ! -e "$m" ] || [ "$m" = "$3" ] || others=yes; done
if [ "$others" = yes ]; then
    ! systemctl is-active --quiet keepalived.service || systemctl reload keepalived.service
else
    if head -n 1 "$main" 2>/dev/null | grep -q '^# Managed by terraform-provider-ha '; then
        systemctl disable --quiet --now keepalived.service 2>/dev/null || ! systemctl is-active --quiet keepalived.service
        rm -f -- "$main"
        rmdir /etc/keepalived/conf.d 2>/dev/null || true
    fi
    rm -f /etc/systemd/system/keepalived.service.d/terraform-ha.conf /etc/systemd/system/nftables.service.d/terraform-ha-vrrp.conf
    rmdir /etc/systemd/system/keepalived.service.d /etc/systemd/system/nftables.service.d 2>/dev/null || true
    systemctl daemon-reload
    for s in filters prepare loaded release yield; do rm -f "/usr/lib/terraform-ha/keepalived-$s"; done
    rm -rf /run/terraform-ha/vrrp /run/terraform-ha/keepalived-loaded
fi
rm -f -- "/var/lib/terraform-ha/floating-ip-$1.maintenance" "/var/lib/terraform-ha/floating-ip-$1.restart" "/usr/lib/terraform-ha/check-$1" "/usr/lib/terraform-ha/check-$1.trial" "/usr/lib/terraform-ha/role-$1" "/etc/terraform-ha/vrrp/$1.nft"
rm -f -- "/run/terraform-ha/vrrp/$1" "/run/terraform-ha/vrrp/$1.rank" "/run/terraform-ha/vrrp/$1.since"
rmdir /usr/lib/terraform-ha /etc/terraform-ha/vrrp /etc/terraform-ha 2>/dev/null || true
! nft list table inet "$2" >/dev/null 2>&1 || nft delete table inet "$2"
# Keepalived reloads on its own time; what it leaves behind is ours to remove.
marker=$3 published=$4
shift 4
for a; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -n "$(ip -o -4 address show to "$a/32")" ] || break
        sleep 0.2
    done
    ip -o -4 address show to "$a/32" | while read -r _ interface _ address _; do ip address del "$address" dev "$interface"; done
done
rm -f -- "$published"
# Other clusters may wait for the machine to have no floating address. While another
# floating IP is on it, they go on waiting; else the marker stays until they have gone.
for f in "${published%/*}"/*.addresses; do [ ! -e "$f" ] || departs=no; done
for f in "${published%/*}"/*.departure; do [ ! -e "$f" ] || departs=${departs:-yes}; done
if [ "${departs-}" = yes ]; then echo departs; else rm -f -- "$marker"; fi
