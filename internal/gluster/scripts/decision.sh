: gluster-decision
# Prints the record $1 of the last decision about files in split brain, and the directories
# below $2 in which copies are kept.
[ ! -e "$1" ] || cat -- "$1"
for d in "$2"/*/; do
    [ ! -d "$d" ] || printf 'kept %s\n' "${d%/}"
done
