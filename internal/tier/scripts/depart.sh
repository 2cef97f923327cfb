: tier-depart
# Runs the programs by which clusters let go of the machine, each of which ends with
# itself. A database may write for minutes before it ends. Argument: the folder of markers.
for f in "$1"/*.departure; do
    [ -e "$f" ] || continue
    timeout 900 sh "$f" || {
        s=$?
        echo "${f##*/} ended with status $s" >&2
        exit 1
    }
done
