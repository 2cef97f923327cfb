: gluster-end-orphans
# Ends self-heal daemons of the volume $1 that glusterd has lost track of: the pid file names
# another process. Such a one heals on, and keeps the socket that the next one needs.
shd=/var/run/gluster/shd/$1/$1-shd.pid
known=$(cat "$shd" 2>/dev/null)
# One that becomes a daemon has a parent that waits for it.
parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$known/status" 2>/dev/null)
orphans() {
    for c in /proc/[0-9]*/cmdline; do
        pid=${c#/proc/}
        pid=${pid%/cmdline}
        case $(tr '\0' ' ' <"$c" 2>/dev/null) in
        */glusterfs\ *" --volfile-id shd/$v -p $shd "*) [ "$pid" = "$known" ] || [ "$pid" = "$parent" ] || echo "$pid" ;;
        esac
    done
}
v=$1
n=0
signal=TERM
while o=$(orphans) && [ -n "$o" ]; do
    # shellcheck disable=SC2086 # numbers
    kill -s $signal $o 2>/dev/null
    sleep 0.1
    n=$((n + 1))
    [ $n -lt 50 ] || signal=KILL
    [ $n -lt 80 ] || exit 1
done
exit 0
