: read-file
[ -e "$1" ] || exit 0
printf x
cat -- "$1"
