: web-await-health
# What the probe has said can be older than a change: what it asks is asked here as well.
url=$1; drain=$2; mark=$3; record=$5; parts=$6; end=$(( $(date +%s) + $4 ))
ask() { asked=$1; code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 3 -- "$1"); }
well() {
    ask "$url"; [ "$code" = 200 ] || return 1
    for part in $parts; do
        ask "$url-${part%=*}"; [ "$code" = "${part#*=}" ] || return 1
    done
}
while :; do
    ! well || exit 0
    if [ -e "$record" ] && systemctl is-active --quiet apache2.service; then exit 0; fi
    if [ -e "$drain" ] && [ "$(cat "$drain")" != "$mark" ] && systemctl is-active --quiet apache2.service; then exit 0; fi
    [ "$(date +%s)" -lt "$end" ] || break
    sleep 0.2
done
echo "$asked answers $code: $(curl -s --max-time 3 -- "$asked" | head -c 200)" >&2
exit 1
