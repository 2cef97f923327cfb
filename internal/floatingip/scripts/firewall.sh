: keepalived-firewall
nft -j list table inet "$1"
