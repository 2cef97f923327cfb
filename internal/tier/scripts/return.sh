: tier-return
# Arguments: the drain file, what it says, and the program that moves addresses.
if [ "$(cat "$1" 2>/dev/null)" = "$2" ]; then
    rm -f "$1"
    [ ! -x "$3" ] || "$3" drained >/dev/null 2>&1 || :
fi
