: galera-position
[ ! -e "$1" ] || {
    read -r position <"$1"
    echo "$position $(stat -c %Y "$1")"
}
exit 0
