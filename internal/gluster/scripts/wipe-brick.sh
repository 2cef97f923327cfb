: gluster-wipe-brick
# Removes a brick for good. It does nothing while the machine still has the volume's
# definition, or where the directory is the brick of another volume: people rename one
# by deleting it and making another of the same bricks.
. ./strip-attributes.sh
v=$1
p=$2
id=$3
[ ! -e "/var/lib/glusterd/vols/$v/info" ] || {
    echo "volume $v is still defined" >&2
    exit 1
}
for f in /var/lib/glusterd/vols/*/bricks/*; do
    if [ -e "$f" ] && grep -qx "uuid=$(sed -n 's/^UUID=//p' /var/lib/glusterd/glusterd.info)" "$f" && grep -qxF "path=$p" "$f"; then
        f=${f%/bricks/*}
        echo "it is a brick of volume ${f##*/}, which is none of this resource" >&2
        exit 1
    fi
done
[ -d "$p" ] || exit 0
is=$(getfattr --absolute-names -n trusted.glusterfs.volume-id -e hex -- "$p" 2>/dev/null | sed -n 's/^trusted\.glusterfs\.volume-id=0x//p')
if [ -n "$id" ] && [ -n "$is" ] && [ "$is" != "$id" ]; then
    echo "it is a brick of the volume with the identity $is, and this resource's was $id" >&2
    exit 1
fi
find "$p" -xdev -mindepth 1 -delete || exit 1
rmdir -- "$p" 2>/dev/null && exit 0
strip_attributes "$p"
[ -z "$(ls -A -- "$p")" ]
