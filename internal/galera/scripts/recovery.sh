: galera-recovery
# The record in $1, the data directory that is being set aside by $2, and those of
# $3 that were.
cat -- "$1" 2>/dev/null
[ ! -e "$2" ] || sed 's/^/moving /;q' "$2"
for d in "$3".set-aside-*Z; do
    [ ! -d "$d" ] || echo "aside $d"
done
exit 0
