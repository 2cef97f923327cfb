: web-await-departure
# Waits until a load balancer that has been told to forget this machine has done so.
# Arguments: the program that waits, for how many seconds nobody must have come, and for how
# many it waits at most.
[ -x "$1" ] || exit 0
exec "$1" forgotten "$2" "$3"
