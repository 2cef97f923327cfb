: web-restart-servers
url=$1; sentinel=$2; apache=$3; php=$4; n=0
ask() { curl -s -o /dev/null -w '%{http_code}' --max-time 3 -- "$1"; }
until [ "$(ask "$url")" = 200 ]; do
    [ "$n" -lt 50 ] || break
    n=$((n + 1)); sleep 0.3
done
[ "$n" -ge 50 ] || exit 0
timeout -k 1 2 runuser -u www-data -- head -c 1 -- "$sentinel" >/dev/null 2>&1 || exit 0
stuck=
[ -z "$php" ] || [ "$(ask "$url-php")" = 200 ] || stuck=$php
[ "$(ask "$url-files")" = 204 ] || stuck="$stuck $apache"
for unit in $stuck; do
    systemctl reset-failed -- "$unit" 2>/dev/null
    systemctl restart -- "$unit" || { journalctl -n 15 --no-pager -o cat -u "$unit" >&2; exit 1; }
done
