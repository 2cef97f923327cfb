: web-await-health
url=$1; drain=$2; mark=$3; record=$5; end=$(( $(date +%s) + $4 ))
while :; do
    code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 3 -- "$url")
    [ "$code" != 200 ] || exit 0
    if [ -e "$record" ] && systemctl is-active --quiet apache2.service; then exit 0; fi
    if [ -e "$drain" ] && [ "$(cat "$drain")" != "$mark" ] && systemctl is-active --quiet apache2.service; then exit 0; fi
    [ "$(date +%s)" -lt "$end" ] || break
    sleep 0.2
done
echo "$url answers $code: $(curl -s --max-time 3 -- "$url" | head -c 200)" >&2
exit 1
