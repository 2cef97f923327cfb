: gluster-processes
# Prints which processes of the volume $1 run, a word and a value each. A pid file
# alone proves nothing: it survives its process. A self-heal daemon that is older than
# glusterd is printed as "leaving", with the seconds since glusterd's start.
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
# The start of the process whose pid file is $1, in ticks since the boot.
started() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$(cat "$1")/stat" 2>/dev/null; }
shd=/var/run/gluster/shd/$v/$v-shd.pid
case $(alive "$shd") in */glusterfs*shd/*)
    echo 'healer yes'
    case $(alive /var/run/glusterd.pid) in */glusterd*)
        awk -v healer="$(started "$shd")" -v daemon="$(started /var/run/glusterd.pid)" -v ticks="$(getconf CLK_TCK)" '
            healer != "" && daemon != "" && healer + 0 < daemon + 0 { print "leaving", int($1 - daemon / ticks) }' /proc/uptime
        ;;
    esac
    ;;
esac
