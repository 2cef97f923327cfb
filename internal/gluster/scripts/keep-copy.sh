: gluster-keep-copy
# Copies what the brick $1 has of the file with the identity $2 to $3, which is outside of
# the brick, where no client sees it. A copy that is there is whole, and it is older than
# anything that was done to the file since. What is no regular file has no data to be kept.
set -e
rest=${2#??}
f=$1/.glusterfs/${2%"$rest"}/${rest%"${rest#??}"}/$2
to=$3
[ -f "$f" ] && [ ! -L "$f" ] || exit 0
[ ! -e "$to" ] || exit 0
need=$(stat -c '%b %B' -- "$f" | awk '{ printf "%.0f", $1 * $2 }')
df -B1 --output=size,avail -- "$1" | awk -v need="$need" 'END { exit !(need <= $2 - $1 / 20) }' || {
    echo "a copy of $need bytes would leave less than a twentieth of the file system free" >&2
    exit 1
}
(umask 077 && mkdir -p -- "$(dirname -- "$to")")
cp --reflink=auto --sparse=auto --preserve=mode,ownership,timestamps -- "$f" "$to.new"
sync -- "$to.new"
mv -f -- "$to.new" "$to"
