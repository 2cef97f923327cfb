: tier-drain
# Arguments: the drain file, what it says, the folder of markers and holders, and the
# program that moves addresses before the checks have failed.
. ./held-addresses.sh
mkdir -p "$(dirname "$1")"
[ -e "$1" ] || printf '%s\n' "$2" >"$1"
most=20
for f in "$3"/*.addresses; do
    [ -e "$f" ] || continue
    while read -r key value; do
        [ "$key" = release-seconds ] || continue
        case $value in
        '' | *[!0-9]* | 0* | ?????*) ;;
        *) [ "$value" -le "$most" ] || most=$value ;;
        esac
    done <"$f"
done
[ ! -x "$4" ] || "$4" draining "$most" "$1" >/dev/null 2>&1 || :
n=0
while [ $n -lt $((most * 5)) ] && [ -n "$(held_addresses "$3")" ]; do
    n=$((n + 1))
    sleep 0.2
done
