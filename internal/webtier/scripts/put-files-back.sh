: web-put-files-back
# Puts back what a change has replaced, and has the servers load it. The links below
# /etc/apache2 stay: a module more is no harm to the files of before.
set -u; umask 022
kept=$1; drain=$2; mark=$3; pending=$4; probe=$5; ok=$6
[ -e "$kept" ] || { echo none; exit 0; }
mkdir -p -- "${drain%/*}" "$pending" && { [ -e "$drain" ] || printf '%s\n' "$mark" >"$drain"; } || exit 1
b=$(mktemp -d) || exit 1
trap 'rm -rf "$b"' EXIT
tar -C "$b" -xf "$kept" || exit 1
php=$(cat "$b/php" 2>/dev/null)
: >"$pending/apache2" || exit 1
[ -z "$php" ] || : >"$pending/php-fpm" || exit 1
listens() { grep -h '^Listen' /etc/apache2/ports.conf 2>/dev/null | sort; }
before=$(listens)
while read -r f; do
    if [ -e "$b/files$f" ]; then
        cmp -s -- "$b/files$f" "$f" || { mkdir -p -- "${f%/*}" && cp -p -- "$b/files$f" "$f.terraform-ha-new" && mv -f -- "$f.terraform-ha-new" "$f"; } || exit 1
    else rm -f -- "$f" || exit 1
    fi
done <"$b/paths"
systemctl daemon-reload || exit 1
load() {
    systemctl reset-failed -- "$1" 2>/dev/null
    if { systemctl "$2" -- "$1" || systemctl restart -- "$1"; } && systemctl is-active --quiet -- "$1"; then return; fi
    journalctl -n 15 --no-pager -o cat -u "$1" >&2; exit 1
}
if [ -n "$php" ]; then
    www=/etc/php/$php/fpm/pool.d/www.conf
    [ -n "$(ls "${www%/*}"/*.conf 2>/dev/null)" ] || [ ! -e "$www.terraform-ha-off" ] || mv -f -- "$www.terraform-ha-off" "$www" || exit 1
    load "php$php-fpm.service" reload-or-restart
    rm -f -- "$pending/php-fpm"
fi
verb=reload-or-restart
[ "$(listens)" = "$before" ] || verb=restart
load apache2.service "$verb"
rm -f -- "$pending/apache2"
rm -f -- "$ok"
systemctl restart -- "$probe"
