: gluster-keep-copy
# Copies what the brick $1 has of the file with the identity $2 to $3, which is outside of
# the brick, where no client sees it, with its attributes beside it. A copy that is there is
# whole, and stays: other contents get a name of their own. What is no regular file has no
# data to be kept.
set -e
rest=${2#??}
f=$1/.glusterfs/${2%"$rest"}/${rest%"${rest#??}"}/$2
[ -f "$f" ] && [ ! -L "$f" ] || exit 0
to=$3
n=1
while [ -e "$to" ] || [ -L "$to" ] || [ -e "$to.getfattr" ]; do
    [ ! -f "$to" ] || [ -L "$to" ] || ! cmp -s -- "$f" "$to" || exit 0
    n=$((n + 1))
    to=$3.$n
done
need=$(stat -c '%b %B' -- "$f" | awk '{ printf "%.0f", $1 * $2 }')
df -B1 --output=size,avail -- "$1" | awk -v need="$need" 'END { exit !(need <= $2 - $1 / 20) }' || {
    echo "a copy of $need bytes would leave less than a twentieth of the file system free" >&2
    exit 1
}
(umask 077 && mkdir -p -- "$(dirname -- "$to")")
cp --reflink=auto --sparse=auto --preserve=mode,ownership,timestamps -- "$f" "$to.new"
sync -- "$to.new"
# The copy, by whose presence all is kept, comes last.
! command -v getfattr >/dev/null || (umask 077 && getfattr -d -m - -e hex --absolute-names -- "$f" >"$to.getfattr")
mv -f -- "$to.new" "$to"
