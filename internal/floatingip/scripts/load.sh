: keepalived-load
# Tests the wanted configuration together with that of every other floating IP of the
# machine, and only then puts it in place and lets Keepalived read it. The lock keeps
# two floating IPs from doing that at the same time. Where Keepalived does not run with
# it, and the second argument says so, the files with which it ran are put back.
#
# The test runs on a copy in which scripts belong to root: Keepalived 2.2 kills itself
# during --config-test when scripts run as another user (exit status 143; fixed upstream
# in 2026). The copy's path is given, because the test of a missing file succeeds.
set -eu
umask 077
# shellcheck disable=SC2174 # the folder above is there
mkdir -p -m 0755 /run/terraform-ha
# Keepalived 2.3 refuses to watch a file whose folder does not exist; 2.2 says nothing.
# shellcheck disable=SC2174
mkdir -p -m 0755 /run/terraform-ha/vrrp
exec 9>/run/terraform-ha/keepalived.lock
flock 9
main=/etc/keepalived/keepalived.conf
work=$(mktemp -d /run/terraform-ha/keepalived-test.XXXXXX)
trap 'rm -rf -- "$work"' EXIT
mkdir "$work/conf.d" "$work/new" "$work/old"
for f in /etc/keepalived/conf.d/*.conf; do [ ! -e "$f" ] || cp -- "$f" "$work/conf.d/"; done
instance=
while read -r mode _ path; do
    read -r data
    new=$work/new/${path##*/}
    printf '%s' "$data" | base64 -d >"$new"
    chmod -- "$mode" "$new"
    case $path in
    "$main") ;;
    *)
        cp -- "$new" "$work/conf.d/"
        instance=$path
        ;;
    esac
done
sed -e 's/^\([[:space:]]*script_user\)[[:space:]].*/\1 root/' -e "s|/etc/keepalived/conf.d/|$work/conf.d/|" "$work/new/keepalived.conf" >"$work/test.conf"
[ -s "$work/test.conf" ]
if ! keepalived --config-test -f "$work/test.conf" >"$work/said" 2>&1; then
    echo "keepalived rejects the configuration:" >&2
    sed "s|$work/||g" "$work/said" >&2
    exit 1
fi
# shellcheck disable=SC2174 # the folder above is there
mkdir -p -m 0755 /etc/keepalived /etc/keepalived/conf.d
if [ -s "$main" ] && ! head -n 1 "$main" | grep -q '^# Managed by terraform-provider-ha '; then
    [ -e "$main.before-terraform-ha" ] || cp -p -- "$main" "$main.before-terraform-ha"
fi
# Files that are the same are not those that it runs with: it has not read them.
ran=
if cmp -s -- "$work/new/keepalived.conf" "$main" && cmp -s -- "$work/new/${instance##*/}" "$instance"; then :
elif systemctl is-active --quiet keepalived.service; then ran=yes
fi
for f in "$main" "$instance"; do [ ! -e "$f" ] || cp -p -- "$f" "$work/old/${f##*/}"; done
place() {
    cmp -s -- "$1" "$2" && [ "$(stat -c %a%U%G "$2")" = "$(stat -c %a%U%G "$1")" ] && return 0
    cp -p -- "$1" "$2.new"
    sync -- "$2.new" 2>/dev/null || sync
    mv -f -- "$2.new" "$2"
}
place "$work/new/keepalived.conf" "$main"
place "$work/new/${instance##*/}" "$instance"
loaded=$(systemctl show -p DropInPaths -p NeedDaemonReload keepalived.service)
case $loaded in
*keepalived.service.d/terraform-ha.conf*NeedDaemonReload=no*) ;;
*) systemctl daemon-reload ;;
esac
case $(systemctl is-enabled keepalived.service 2>/dev/null) in
enabled*) ;;
masked*)
    systemctl unmask --quiet keepalived.service
    systemctl unmask --runtime --quiet keepalived.service
    systemctl enable --quiet keepalived.service
    ;;
*) systemctl enable --quiet keepalived.service ;;
esac
load() {
    case $1 in
    restart) systemctl restart keepalived.service ;;
    reload) systemctl reload-or-restart keepalived.service ;;
    esac && systemctl is-active --quiet keepalived.service
}
load "$1" || {
    s=$?
    journalctl -n 15 --no-pager -o cat -u keepalived.service >&2
    [ "$2" = put-back ] && [ -n "$ran" ] && [ -e "$work/old/keepalived.conf" ] || exit $s
    for f in "$main" "$instance"; do
        if [ -e "$work/old/${f##*/}" ]; then place "$work/old/${f##*/}" "$f"; else rm -f -- "$f"; fi
    done
    if load reload || load restart; then
        echo "keepalived does not run with the new configuration; the one before is back in place, and it runs with that" >&2
    else
        echo "keepalived does not run with the new configuration; the one before is back in place, and it does not run with that either" >&2
    fi
    exit 1
}
