: write-file
set -eu
umask 022
mkdir -p -- "$(dirname -- "$1")"
t=$(mktemp -- "$1.XXXXXX")
trap 'rm -f -- "$t"' EXIT
cat >"$t"
chown -- "$3:$4" "$t"
chmod -- "$2" "$t"
sync -- "$t" 2>/dev/null || sync
mv -fT -- "$t" "$1"
trap - EXIT
