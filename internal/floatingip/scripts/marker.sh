: keepalived-marker
cat -- "$1"
