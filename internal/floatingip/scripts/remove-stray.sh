: keepalived-remove-stray
# A machine that becomes master notes that a moment after it has the address.
for _ in 1 2 3 4 5; do
    if [ "$(cat "/run/terraform-ha/vrrp/$1" 2>/dev/null)" = MASTER ] && systemctl is-active --quiet keepalived.service; then exit 0; fi
    sleep 0.2
done
shift
for a; do
    ip -o -4 address show to "$a/32" | while read -r _ interface _ address _; do
        ip address del "$address" dev "$interface" || exit 1
    done || exit
done
