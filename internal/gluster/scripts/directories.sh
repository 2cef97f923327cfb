: gluster-directories
# Prints what the brick $1 has of directories: in each line the identity of one, how many
# names are in it, and its path, line breaks of which become question marks. The directories are those that the index has as to be
# healed, three at most, or those that further arguments name.
cd "$1/.glusterfs" || exit 1
brick=$(cd "$1" && pwd -P)
shift
[ $# -gt 0 ] || {
    # The identity of a directory is a symbolic link to its name in the one above, and what is
    # a symbolic link for clients leads elsewhere. Names in the index are GlusterFS's own.
    # shellcheck disable=SC2012,SC2046
    set -- $(ls -U indices/xattrop | sed -n 's,^\(..\)\(..\)\(....-....*\)$,\1/\2/\1\2\3,p' | head -n 1000 |
        while read -r f; do
            case $(readlink "$f") in ../../.. | ../../??/??/????????-????-*/*) [ ! -d "$f" ] || echo "${f##*/}" ;; esac
        done | head -n 3)
}
for id in "$@"; do
    f=$(echo "$id" | sed 's,^\(..\)\(..\),\1/\2/\1\2,')
    path=$(cd "$f" 2>/dev/null && pwd -P) || continue
    names=$(find -H "$f" -mindepth 1 -maxdepth 1 -printf . | wc -c)
    path=${path#"$brick"}
    printf '%s %s %s\n' "$id" "$names" "$(printf %s "${path:-/}" | tr '\n' '?')"
done
