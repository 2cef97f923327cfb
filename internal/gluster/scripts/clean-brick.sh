: gluster-clean-brick
# Takes the marks of a failed create off an empty directory. This test keeps data safe
# that came in the meantime.
set -e
[ -z "$(find "$1" -mindepth 1 -maxdepth 1 ! -name .glusterfs -print -quit)" ] || {
    echo "$1 is not empty" >&2
    exit 1
}
for a in trusted.glusterfs.volume-id trusted.gfid; do
    getfattr --absolute-names -n "$a" -- "$1" >/dev/null 2>&1 || continue
    setfattr -x "$a" -- "$1"
done
rm -rf -- "$1/.glusterfs"
