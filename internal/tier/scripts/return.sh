: tier-return
[ "$(cat "$1" 2>/dev/null)" != "$2" ] || rm -f "$1"
