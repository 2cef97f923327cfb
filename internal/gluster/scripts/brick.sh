: gluster-brick
# Prints facts about the brick's directory, a word and a value each. Without a path,
# the directory is that of the machine's brick of the volume $1.
v=$1
p=$2
if [ -z "$p" ]; then
    own=$(sed -n 's/^UUID=//p' /var/lib/glusterd/glusterd.info)
    for f in "/var/lib/glusterd/vols/$v/bricks/"*; do
        grep -qx "uuid=$own" "$f" && p=$(sed -n 's/^path=//p' "$f")
    done
fi

[ -n "$p" ] || exit 0

# alone reports whether the brick is all that the file system mounted at $1 has. That is not
# looked at where only a part of the file system is mounted.
alone() {
    [ "$(findmnt -no FSROOT -- "$1")" = / ] || return 1
    e=$p
    while [ "$e" != "$1" ] && [ -n "$e" ]; do
        e=${e%/*}
        [ "$(find "${e:-/}" -mindepth 1 -maxdepth 1 ! -name lost+found 2>/dev/null | wc -l)" = 1 ] || return 1
    done
}

printf 'path %s\n' "$p"
d=$p
while [ ! -e "$d" ]; do
    d=${d%/*}
    d=${d:-/}
done
stat -c '%d %m' -- "$d" / | {
    read -r disk mount
    read -r root _
    printf 'mount %s\n' "$mount"
    if [ "$disk" = "$root" ]; then
        echo 'root yes'
    elif alone "$mount"; then
        df -B1 --output=used -- "$mount" | awk 'END { print "used", $1 }'
    fi
}
if [ -d "$p" ]; then
    echo 'exists yes'
    if [ -n "$(find "$p" -mindepth 1 -maxdepth 1 ! -name '.glusterfs*' -print -quit)" ]; then
        printf 'content yes\nnames yes\n'
    elif [ -n "$(find "$p" -mindepth 1 -maxdepth 1 ! -name .glusterfs -print -quit)" ]; then
        echo 'content yes'
    fi
    [ ! -e "$p/.glusterfs" ] || echo 'internal yes'
elif [ -e "$p" ]; then
    printf 'exists yes\ncontent yes\n'
fi

command -v getfattr >/dev/null || exit 0
echo 'attributes yes'
set -- "$p"
d=$p
while [ "$d" != / ]; do
    d=${d%/*}
    d=${d:-/}
    set -- "$@" "$d"
done
for name in trusted.glusterfs.volume-id trusted.gfid; do
    getfattr --absolute-names -n "$name" -e hex -- "$@"
done | awk -v p="$p" '
    /^# file: / { f = substr($0, 9); next }
    f != p { if ($0 != "" && !seen[f]++) print "parent", f; next }
    sub(/^trusted\.gfid=0x/, "") { print "gfid", $0 }
    sub(/^trusted\.glusterfs\.volume-id=0x/, "") { print "volume-id", $0 }'
