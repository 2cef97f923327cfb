: gluster-space
# Prints how many bytes the brick $1 has, or 0 unless $2 is true, because to count takes
# long, and how many more its file system takes while a tenth of it stays free.
set -e
used=0
[ "$2" != true ] || used=$(du -x -s -B1 -- "$1" | awk '{ print $1 }')
df -B1 --output=size,avail -- "$1" | awk -v used="$used" 'END { free = $2 - $1 / 10; if (free < 0) free = 0; printf "%s %.0f\n", used, free }'
