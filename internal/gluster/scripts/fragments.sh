: gluster-fragments
# Prints the versions of entries of the brick $1, which is one of a dispersed volume: in each
# line the identity of an entry, and the value of trusted.ec.version, which counts the
# changes of contents and of attributes (xlators/cluster/ec). It is 0 for an entry that has
# no such attribute, and "-" for one that is not there. The entries are those that the index
# has as to be healed or, if $2 is "asked", those on standard input.
cd "$1/.glusterfs" || exit 1
if [ "$2" = asked ]; then names=$(cat); else names=$(ls indices/xattrop) || exit 1; fi
entries=$(printf '%s\n' "$names" | sed -n 's,^\(..\)\(..\)\(....-....*\)$,\1/\2/\1\2\3,p')
[ -n "$entries" ] || exit 0
{
    printf '%s\n' "$entries" | while read -r f; do
        if [ -e "$f" ] || [ -h "$f" ]; then echo "? $f 0"; else echo "? $f -"; fi
    done
    # The identity of a directory is a symbolic link to it, and an entry may be a symbolic link
    # itself: what it has of its own counts.
    for how in -h --; do
        printf '%s\n' "$entries" | xargs getfattr -n trusted.ec.version -e hex $how 2>/dev/null
    done
} | awk '
    $1 == "?" { version[$2] = $3 }
    /^# file: / { f = $3 }
    /^trusted\.ec\.version=/ && version[f] == "0" { version[f] = substr($0, 20) }
    END { for (f in version) { name = f; sub(".*/", "", name); print name, version[f] } }'
