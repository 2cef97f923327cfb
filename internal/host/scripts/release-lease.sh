: release-lease
d=/run/terraform-ha/leases c=/var/lib/terraform-ha/leases
[ -d $d ] || exit 0
exec 9>"$d/.lock"
flock -w 5 9 || exit 0
for l in "$d/$1" "$c/$1"; do
    [ "$(cat "$l" 2>/dev/null)" != "$2" ] || rm -f "$l"
done
exit 0
