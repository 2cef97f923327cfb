: keepalived-check
# Runs the check as Keepalived does: as its user, with a limit.
[ -x "$1" ] || exit 0
id -u "$3" >/dev/null 2>&1 || exit 0
out=$(setpriv --reuid="$3" --regid="$3" --clear-groups timeout "$2" "$1" 2>&1)
printf '%s\n%s\n' "$?" "$out"
