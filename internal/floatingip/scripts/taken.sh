: keepalived-taken
# Asks whether somebody has the address, while this machine is none of the floating
# IP's: its own holder would answer otherwise. An entry of the neighbours that nobody has
# confirmed says nothing (ip-neighbour(8)), and neither does one that was confirmed
# before the question: it stays reachable for half a minute after the address has gone.
[ -n "$1" ] && [ ! -e "$2" ] && [ -z "$(ip -o -4 address show to "$1/32")" ] || exit 0
before=$(ip neigh show to "$1")
ping -c 1 -w 1 "$1" >/dev/null 2>&1 && answered=yes || answered=no
case $answered$before in no*REACHABLE*) exit 0 ;; esac
ip neigh show to "$1" | while read -r _ _ interface word address state; do
    [ "$word" = lladdr ] || continue
    case $answered$state in yes* | *REACHABLE*) echo "$address $interface" ;; esac
done
