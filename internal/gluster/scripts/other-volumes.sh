: gluster-other-volumes
# Prints the volumes besides $1 that have a marker of ours on the machine, and whether
# their resources look after what the packet filter lets in for them.
for f in /var/lib/terraform-ha/gluster-*.json; do
    [ -e "$f" ] && [ "$f" != "/var/lib/terraform-ha/gluster-$1.json" ] || continue
    managed=no
    ! grep -q '"firewall": "managed"' "$f" || managed=yes
    f=${f##*/gluster-}
    printf '%s %s\n' "${f%.json}" "$managed"
done
