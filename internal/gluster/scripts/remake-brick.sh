: gluster-remake-brick
# Makes a directory that nobody used of one that clients see nothing in.
. ./strip-attributes.sh
set -e
p=$1
if [ -e "$p" ]; then
    [ -z "$(find "$p" -mindepth 1 -maxdepth 1 ! -name '.glusterfs*' -print -quit)" ] || {
        echo "$p holds data" >&2
        exit 1
    }
    find "$p" -xdev -mindepth 1 -delete
    strip_attributes "$p"
fi
mkdir -p -- "$p"
