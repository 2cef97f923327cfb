: tier-drained
[ "$(cat "$1" 2>/dev/null)" = "$2" ] && echo drained
exit 0
