: gluster-heal
# Without the test, the question costs a failed connection on every machine whose
# volume is stopped or not there.
. ./without-python.sh
grep -qx status=1 "/var/lib/glusterd/vols/$1/info" || exit 0
without_python timeout 20 gluster --mode=script --xml volume heal "$1" info summary
