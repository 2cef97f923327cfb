: gluster-heal
# Prints what the client of the volume $1 on this machine sees. Without the test, the
# question costs a failed connection on every machine whose volume is stopped or not there.
# The answer is written once all entries are counted. Where that takes too long, the exit
# status is 124, and what is printed is the address and port of everything that the
# machine's permanent clients, such as the self-heal daemon, are connected to. Where entries
# are in split brain, a second answer lists them.
. ./without-python.sh
grep -qx status=1 "/var/lib/glusterd/vols/$1/info" || exit 0
said=$(without_python timeout 20 gluster --mode=script --xml volume heal "$1" info summary)
s=$?
[ -z "$said" ] || printf '%s\n' "$said"
[ $s -ne 124 ] || ss -Htnp state established | awk '/"glusterfs"/ { print $4 }' | sort -u
case $said in *'<numberOfEntriesInSplitBrain>'[1-9]*)
    without_python timeout 20 gluster --mode=script --xml volume heal "$1" info split-brain
    ;;
esac
exit $s
