# held_addresses prints the floating addresses that the machine has. $1 is the
# folder in which holders say what theirs are.
held_addresses() {
    has=$(ip -o addr show)
    for f in "$1"/*.addresses; do
        [ -e "$f" ] || continue
        while read -r key value; do
            [ "$key" = address ] || continue
            case $has in *" $value "*) echo "$value" ;; esac
        done <"$f"
    done
}
