: keepalived-sent
sed -n '/^vrrp_instance /,$p' "$1" 2>/dev/null | sha256sum
