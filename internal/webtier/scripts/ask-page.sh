: web-ask-page
url=$1; status=$2; contains=$3; name=$4; scheme=$5
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
set --
[ -z "$name" ] || set -- -H "Host: $name"
[ -z "$scheme" ] || set -- "$@" -H "X-Forwarded-Proto: $scheme"
code=$(curl -s -o "$t/page" -w '%{http_code}' --max-time 10 "$@" -- "$url")
if [ "$code" != "$status" ]; then printf 'answers %s instead of %s' "$code" "$status"
elif [ -n "$contains" ] && ! grep -qF -e "$contains" "$t/page"; then printf 'answers %s without the text that must be in it' "$code"
fi
