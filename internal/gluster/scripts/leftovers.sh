: gluster-leftovers
# Prints up to 20 files of the brick $1 that clients see and that were not moved to
# another one. Directories are on every brick, and link files only say where a file is:
# they are empty, have the sticky bit alone, and the attribute of a link. What could not
# be looked at is printed, too: nothing tells what is there.
set -e
cd "$1"
{
    find . -ignore_readdir_race -xdev \( -path ./.glusterfs -o -path './.glusterfs-anonymous-inode-*' \) -prune -o ! -type d -print 2>&1 ||
        echo 'the search did not come to its end'
} | {
    n=0
    while IFS= read -r f; do
        if [ -f "$f" ] && [ ! -L "$f" ] && [ ! -s "$f" ] && [ "$(stat -c %a -- "$f")" = 1000 ] && getfattr -n trusted.glusterfs.dht.linkto -- "$f" >/dev/null 2>&1; then
            continue
        fi
        printf '%s\n' "${f#./}"
        n=$((n + 1))
        [ $n -lt 20 ] || break
    done
}
