: web-health
printf %s "$(curl -s -o /dev/null -w '%{http_code}' --max-time 3 -- "$1")"
