: galera-recover-position
unit=$1 server=$2 out=$3
pid=$(systemctl show -p MainPID --value -- "$unit")
if [ "${pid:-0}" != 0 ]; then
    p=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n 's/^--wsrep[-_]start[-_]position=//p' | tail -n 1)
else
    log=$(mktemp) && trap 'rm -f "$log"' EXIT && chown mysql "$log" || exit 1
    "$server" --user=mysql --wsrep-recover --log-error="$log" >/dev/null 2>&1
    p=$(sed -n 's/.*WSREP: Recovered position: *//p' "$log" | tail -n 1)
    [ -n "$p" ] || {
        grep -E 'ERROR|rror' "$log" | tail -n 5 >&2
        exit 1
    }
fi
mkdir -p "$(dirname "$out")" && printf '%s\n' "$p" >"$out"
