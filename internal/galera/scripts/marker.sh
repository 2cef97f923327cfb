: galera-marker
cat -- "$1" 2>/dev/null
exit 0
