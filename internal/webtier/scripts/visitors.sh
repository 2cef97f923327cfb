: web-visitors
# Prints how many connections to a port other machines have. Argument: the port. The two
# tables have local and remote address and state as fields 2, 3 and 4, in hexadecimal
# (proc(5), /proc/net/tcp); 01 is an established connection. An IPv4 client of a socket
# that listens on both is in the second table.
port=$(printf ':%04X' "$1")
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$port" '
    index($3, "0100007F:") || index($3, "00000000000000000000000001000000:") == 1 { next } # this machine
    $4 == "01" && substr($2, length($2) - 4) == port { count++ }
    END { print count + 0 }'
