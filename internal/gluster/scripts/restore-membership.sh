: gluster-restore-membership
# Gives a glusterd that has neither peers nor volumes the identity $1, the version $2,
# and for each other member an identity and an address. The peers come last and at
# once: without them the machine is seen to have none.
. ./alone.sh
set -e
d=/var/lib/glusterd
alone || {
    echo "it has peers or volumes of its own" >&2
    exit 1
}
systemctl stop glusterd
rm -rf -- "$d/peers.new"
mkdir -p "$d/peers" "$d/peers.new"
printf 'UUID=%s\noperating-version=%s\n' "$1" "$2" >"$d/glusterd.info.new"
mv -f "$d/glusterd.info.new" "$d/glusterd.info"
shift 2
while [ $# -gt 1 ]; do
    printf 'uuid=%s\nstate=3\nhostname1=%s\n' "$1" "$2" >"$d/peers.new/$1"
    shift 2
done
rmdir "$d/peers"
mv "$d/peers.new" "$d/peers"
