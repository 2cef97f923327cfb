: keepalived-addresses
ip -j address show
