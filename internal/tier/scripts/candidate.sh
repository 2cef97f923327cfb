: tier-candidate
# Prints the floating addresses that the machine would take, whatever its checks say now.
# Argument: the folder in which holders say what theirs are.
systemctl is-active --quiet keepalived.service || exit 0
for f in "$1"/*.addresses; do
    [ -e "$f" ] || continue
    [ ! -e "${f%.addresses}.maintenance" ] || continue
    while read -r key value; do
        [ "$key" != address ] || echo "$value"
    done <"$f"
done
exit 0
