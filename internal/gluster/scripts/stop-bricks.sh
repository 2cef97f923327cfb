: gluster-stop-bricks
# Ends the bricks and the self-heal daemon, which outlive glusterd on purpose. Clients hear
# of a brick that ends by itself, and wait for nothing. A pid file survives its process,
# so the name of the process has to fit. $1 is the volume, or * for all.
pids() {
    # shellcheck disable=SC2231 # it may be a pattern
    for f in /run/gluster/vols/$1/*.pid /run/gluster/shd/$1/*.pid; do
        [ -e "$f" ] || continue
        read -r p <"$f" || continue
        { read -r c <"/proc/$p/comm"; } 2>/dev/null || continue
        case $c in glusterfs | glusterfsd) echo "$p" ;; esac
    done
}
n=0
while p=$(pids "$1"); [ -n "$p" ]; do
    # shellcheck disable=SC2086 # a word for each process
    case $n in
    0) kill $p ;;
    100) kill -KILL $p ;;
    120)
        echo "processes of GlusterFS do not end: $p" >&2
        exit 1
        ;;
    esac
    n=$((n + 1))
    sleep 0.1
done
