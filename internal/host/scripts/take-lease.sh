: take-lease
# Takes or renews a lease. The kernel's lock makes reading and writing the owner one
# act, and is gone with the process that held it. Anybody who can open the file can
# hold it (flock(2) asks for no right to write), so it is root's alone.
set -eu
. ./boot-name.sh
. ./carried-leases.sh
umask 022
d=$leases
l=$d/$1
owner=$2
term=$3
mkdir -p "${d%/*}"
umask 077
mkdir -p "$d"
chmod 0700 "$d"
exec 9>"$d/.lock"
chmod 0600 "$d/.lock"
flock -w 5 9 || exit 76
restore_leases
held=$(cat "$l" 2>/dev/null || true)
age=$(($(date +%s) - $(stat -c %Y "$l" 2>/dev/null || echo 0)))
if [ -z "$held" ] || [ "$held" = "$owner" ] || [ "$age" -gt "$term" ]; then
    printf '%s' "$owner" >"$l"
    exit 0
fi
printf '%s' "$held"
exit 75
