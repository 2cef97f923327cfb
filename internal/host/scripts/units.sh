: units
# On failure it adds the end of the units' journals: a failed start says why only there.
v=$1
shift
systemctl "$v" -- "$@" && exit 0
s=$?
for u; do journalctl -n 15 --no-pager -o cat -u "$u" >&2; done
exit $s
