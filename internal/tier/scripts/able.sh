: tier-able
# Prints the floating addresses that the machine has or could take now. Arguments: the
# folder in which holders say what theirs are, and the user who runs their checks.
systemctl is-active --quiet keepalived.service || exit 0
for f in "$1"/*.addresses; do
    [ -e "$f" ] || continue
    check='' addresses=''
    while read -r key value; do
        case $key in
        check) check=$value ;;
        address) addresses="$addresses $value" ;;
        esac
    done <"$f"
    [ -z "$check" ] || setpriv --reuid="$2" --regid="$2" --clear-groups timeout 10 "$check" >/dev/null 2>&1 || continue
    echo "$addresses"
done
exit 0
