: gluster-clients
# Prints who is connected to the bricks of the volume $1 on this machine, an address and the
# number of its connections in each line. A client that has it mounted is connected once to
# every brick that it knows and that runs.
for f in "/var/run/gluster/vols/$1/"*.pid; do
    [ -e "$f" ] || continue
    port=$(tr '\0' '\n' <"/proc/$(cat "$f")/cmdline" 2>/dev/null | sed -n '/^--brick-port$/{n;p;}')
    [ -z "$port" ] || ss -Htn state established "sport = :$port"
done | awk '{ peer = $4; sub(/:[0-9]*$/, "", peer); gsub(/[][]/, "", peer); sub(/^::ffff:/, "", peer); n[peer]++ } END { for (peer in n) print peer, n[peer] }' | sort
