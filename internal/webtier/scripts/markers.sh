: web-markers
cd "$1" 2>/dev/null && for f in "$2"-*.json; do [ -e "$f" ] && printf '%s\n' "$f"; done; :
