: web-undrain
[ ! -e "$1" ] || [ "$(cat "$1")" != "$2" ] || rm -f -- "$1"
