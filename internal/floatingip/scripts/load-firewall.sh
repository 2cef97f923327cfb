: keepalived-load-firewall
exec nft -f "$1"
