: gluster-processes
# Prints which processes of the volume $1 run, a word and a value each. A pid file
# alone proves nothing: it survives its process.
v=$1
alive() { [ -e "$1" ] && tr '\0' '\n' <"/proc/$(cat "$1")/cmdline" 2>/dev/null; }
for f in "/var/run/gluster/vols/$v/"*.pid; do
    args=$(alive "$f") || continue
    case $args in */glusterfsd*"$v."*)
        echo 'running yes'
        printf '%s\n' "$args" | sed -n '/^--brick-port$/{n;s/^/port /p;}'
        ;;
    esac
done
case $(alive "/var/run/gluster/shd/$v/$v-shd.pid") in */glusterfs*shd/*) echo 'healer yes' ;; esac
