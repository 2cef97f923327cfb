: facts
# shellcheck source=/dev/null # it is the machine's own
. /etc/os-release
printf 'distribution %s\nversion %s\n' "$ID" "${VERSION_ID:-}"
memory=0 limited='' top=/sys/fs/cgroup group='' file=''
while read -r key kilobytes _; do
    [ "$key" != MemTotal: ] || { memory=$kilobytes; break; }
done </proc/meminfo
while IFS=: read -r _ controllers path; do
    case ,$controllers, in
    *,memory,*)
        top=$top/memory group=$top$path file=memory.limit_in_bytes
        break
        ;;
    ,,) group=$top$path file=memory.max ;;
    esac
done </proc/1/cgroup
while [ -n "$group" ]; do
    if { read -r limit <"$group/$file"; } 2>/dev/null && [ "$limit" != max ] && [ $((limit / 1024)) -le "$memory" ]; then
        memory=$((limit / 1024)) limited=yes
    fi
    [ "$group" != "$top" ] || break
    group=${group%/*}
done
echo "memory $((memory / 1024))"
[ -n "$limited" ] || [ ! -e /run/systemd/container ] || echo "memory-of computer"
ip -o addr show | while read -r _ interface family address _; do
    case $family in inet | inet6) echo "address $interface $address" ;; esac
done
