: keepalived-others
for f in /etc/keepalived/conf.d/*.conf; do
    [ -e "$f" ] && [ "$f" != "$1" ] || continue
    awk -v file="$f" '
    $1 == "vrrp_instance" { name = $2; i = "" }
    $1 == "interface" { i = $2 }
    $1 == "virtual_router_id" { print file, i == "" ? "-" : i, $2 }' "$f"
done
