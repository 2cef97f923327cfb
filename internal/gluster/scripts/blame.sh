: gluster-blame
# Counts the entries of the brick $2 that it holds against others than the brick $3,
# which is named as GlusterFS does; $1 is the volume file. The index of what is to be
# healed has a name for each entry, and the entry an attribute for each other brick,
# whose name the volume file has (xlators/cluster/afr). An entry may be a symbolic link
# or be reached by one, so attributes are read both ways.
file=$1
p=$2
lost=$3
x=$(awk -v lost="$lost" '
    /^volume /{ name = $2; h = s = px = "" }
    $2 == "remote-host" { h = $3 } $2 == "remote-subvolume" { s = $3 } $2 == "afr-pending-xattr" { px = $3 }
    /^end-volume/{ if (s != "" && h ":" s == lost) client = name }
    $1 == "subvolumes" && px != "" { split(px, x, ","); for (i = 2; i <= NF; i++) if ($i == client) { print x[i - 1]; exit } }
' "$file")
[ -n "$x" ] || {
    echo "the volume file does not name $lost" >&2
    exit 1
}
cd "$p/.glusterfs/indices/xattrop" || exit 1
# shellcheck disable=SC2012 # the names are GlusterFS's own
list() { ls | sed -n 's,^\(..\)\(..\)\(....-....*\)$,../../\1/\2/\1\2\3,p'; }
for how in -h --; do
    list | xargs -r getfattr -d -m '^trusted\.afr\.' -e hex $how 2>/dev/null
done | awk -F= -v x="trusted.afr.$x" '
    /^# file: / { f = $0 }
    /^trusted\.afr\./ && $1 != x && $1 != "trusted.afr.dirty" && substr($2, 3) ~ /[1-9a-f]/ && !seen[f]++ { n++ }
    END { print n + 0 }'
