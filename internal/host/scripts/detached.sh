: detached
# Starts work as a unit of its own, or attaches to the same work where it runs or has
# ended for a call of this caller's, and ends as the work does.
set -u
u=$1
line=$2
caller=$3
d=/run/terraform-ha/work
# shellcheck disable=SC2174 # the folder above is for everybody to see
mkdir -p -m 0700 $d
exec 9>"$d/$u.lock"
flock 9
if [ -e "$d/$u.status" ] && grep -qxF -- "$caller" "$d/$u.callers" 2>/dev/null; then
    :
else
    while [ -e "$d/$u.status" ] && systemctl is-active --quiet "$u.service"; do sleep 0.1; done
    if systemctl is-active --quiet "$u.service"; then
        echo "$caller" >>"$d/$u.callers"
    else
        rm -f "$d/$u.status" "$d/$u.out"
        echo "$caller" >"$d/$u.callers"
        # The work goes through a file: systemd would expand "${name}" and "$$" in an
        # argument (systemd.service(5), "Command lines"). It holds a lock until it
        # ends, for which others wait in the kernel: to ask systemd ten times a second
        # takes a tenth of a processor from the work itself. What it writes to descriptor
        # 9 is how far it has come.
        printf 'exec 8>>%s.running; flock 8\n(%s\n) >%s.out 2>&1 8>&- 9>%s.progress\necho $? >%s.status.new; mv %s.status.new %s.status\n' \
            "$d/$u" "$line" "$d/$u" "$d/$u" "$d/$u" "$d/$u" "$d/$u" >"$d/$u.sh"
        systemctl reset-failed "$u.service" 2>/dev/null
        systemd-run --quiet --collect --unit="$u" -p KillMode=process sh "$d/$u.sh" 9>&- || exit 125
    fi
fi
exec 9>&- 8>>"$d/$u.running"
until [ -e "$d/$u.status" ]; do
    flock -s -w 10 8 && flock -u 8
    [ ! -e "$d/$u.status" ] || break
    systemctl is-active --quiet "$u.service" || {
        sleep 1
        [ -e "$d/$u.status" ] || { echo "the work ended without a result" >&2; exit 126; }
    }
    sleep 0.1
done
s=$(cat "$d/$u.status")
[ "$s" = 0 ] || tail -c 4000 "$d/$u.out" >&2
exit "$s"
