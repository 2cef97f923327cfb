: release-lease
d=/run/terraform-ha/leases
l=$d/$1
[ -d $d ] || exit 0
exec 9>"$d/.lock"
flock -w 5 9 || exit 0
[ "$(cat "$l" 2>/dev/null)" = "$2" ] && rm -f "$l"
exit 0
