: gluster-release
# Prints the highest operating version that every member of the pool allows, and, where the
# pool runs with a lower one, an answer with who is connected to the bricks of all volumes
# and which version each of them allows. That answer takes the lock of each volume.
. ./without-python.sh
now=$(sed -n 's/^operating-version=//p' /var/lib/glusterd/glusterd.info)
most=$(without_python timeout 20 gluster --mode=script volume get all cluster.max-op-version | awk '$1 == "cluster.max-op-version" { print $2 }')
printf 'most %s\n' "${most:-0}"
[ "${most:-0}" -le "${now:-0}" ] || for f in /var/lib/glusterd/vols/*/info; do
    [ -e "$f" ] && grep -qx status=1 "$f" || continue
    v=${f%/info}
    without_python timeout 60 gluster --mode=script --xml volume status "${v##*/}" clients
done
exit 0
