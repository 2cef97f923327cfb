: tier-able
# Prints the floating addresses that the machine has or could take now. Arguments: the
# folder in which holders say what theirs are, the user who runs their checks, and the file
# by which Keepalived knows that a database is gone, whatever its check says.
systemctl is-active --quiet keepalived.service || exit 0
gone=0
[ ! -e "$3" ] || read -r gone <"$3" || :
for f in "$1"/*.addresses; do
    [ -e "$f" ] || continue
    check='' addresses='' database=''
    while read -r key value; do
        case $key in
        check) check=$value ;;
        address) addresses="$addresses $value" ;;
        database) database=yes ;;
        esac
    done <"$f"
    [ -z "$database" ] || [ "${gone:-0}" = 0 ] || continue
    [ -z "$check" ] || setpriv --reuid="$2" --regid="$2" --clear-groups timeout 10 "$check" >/dev/null 2>&1 || continue
    echo "$addresses"
done
exit 0
