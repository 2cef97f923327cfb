: web-undrain
# Arguments: drain files, each with what it says where it is ours.
while [ $# -gt 1 ]; do
    [ ! -e "$1" ] || [ "$(cat "$1")" != "$2" ] || rm -f -- "$1" || exit 1
    shift 2
done
