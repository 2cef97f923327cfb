# record writes down a fact in the tier's own record, one machine at a time.
. ./rooted.sh
. ./as-site.sh
set -u; umask 022
root=$1; state=$2; owner=$3; shift 3
rooted "$state" "${root%/*}"
stamp=$state/wordpress
exec 9>>"$state/lock" || exit 1
flock -w 300 9 || { echo "another machine works in $root" >&2; exit 1; }
record() { { [ ! -e "$stamp" ] || grep -v "^$1\( \|\$\)" "$stamp"; printf '%s\n' "$*"; } >"$stamp.new"; mv -f -- "$stamp.new" "$stamp"; }
