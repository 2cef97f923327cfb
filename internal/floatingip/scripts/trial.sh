: keepalived-trial
# Tries a check, which standard input has, before it is put in place: in a file beside the
# one that is, as the user and with the limit with which Keepalived runs it. It is rejected
# if it fails each time while the one in place passes, which is asked right after it, with
# the limit that Keepalived has read. A machine that neither lets have the address is no
# reason, and no single answer decides. Says with which status it ended, and what it said;
# nothing where it is not rejected. Without its user no check runs at all.
umask 022
place=$1 trial=$2 user=$3 limit=$4 times=$5 pause=$6 instance=$7
id -u "$user" >/dev/null 2>&1 || exit 0
# A machine that was drained by hand is not to have the address.
[ ! -e /run/terraform-ha/drain ] || exit 0
# shellcheck disable=SC2174 # the parent is there
mkdir -p -m 0755 -- "${trial%/*}" || exit 1
# The trial of a run whose connection broke may still be going on.
exec 9<"${trial%/*}" || exit 1
flock 9 || exit 1
# Also where nobody reads what it prints.
trap 'rm -f -- "$trial"' EXIT
trap 'exit 1' HUP INT TERM PIPE
cat >"$trial" || exit 1
chmod 0755 -- "$trial" || exit 1
runs() {
    out=$(setpriv --reuid="$user" --regid="$user" --clear-groups timeout "$2" "$1" 2>&1 </dev/null 9<&-)
}
# An instance without a check is fit as it is.
before=$(sed -n '/^vrrp_script check_/,/^}/s/^    timeout //p' "$instance" 2>/dev/null)
stands() {
    [ -n "$before" ] || return 0
    [ -x "$place" ] && runs "$place" "$before"
}
failed=0 contradicted=0
while :; do
    runs "$trial" "$limit" && exit 0
    status=$? said=$out
    ! stands || contradicted=$((contradicted + 1))
    failed=$((failed + 1))
    [ "$failed" -lt "$times" ] || break
    sleep "$pause"
done
[ "$contradicted" -gt $((times / 2)) ] || exit 0
printf '%s\n%s\n' "$status" "$said"
