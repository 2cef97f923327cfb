: tier-candidate
# Prints the floating addresses of a database that the machine would take, whatever its
# checks say now. Addresses that lead to something else need no database.
# Argument: the folder in which holders say what theirs are.
systemctl is-active --quiet keepalived.service || exit 0
for f in "$1"/*.addresses; do
    [ -e "$f" ] || continue
    [ ! -e "${f%.addresses}.maintenance" ] || continue
    grep -qx database "$f" || continue
    while read -r key value; do
        [ "$key" != address ] || echo "$value"
    done <"$f"
done
exit 0
