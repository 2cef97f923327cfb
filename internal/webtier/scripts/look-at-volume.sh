: web-look-at-volume
type=$1; source=$2; options=$3; sentinel=$4; expected=$5
d=$(mktemp -d) || exit 1
trap 'umount -- "$d" 2>/dev/null || umount --lazy -- "$d" 2>/dev/null; rmdir -- "$d"' EXIT
timeout -k 5 120 mount -t "$type" -o "$options" "$source" "$d" || exit 1
found=$(timeout -k 1 30 sed -n 's/^site //p' "$d/$sentinel" 2>/dev/null)
[ "$found" != "$expected" ] || exit 0
echo "$sentinel on it is ${found:+that of }${found:-missing}: it is another volume, or an empty one. Nothing was changed" >&2
exit 1
