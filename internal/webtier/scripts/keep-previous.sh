: web-keep-previous
# Keeps files that a change is about to replace, in one archive. What an interrupted
# change has kept there is what served last, and stays.
set -u; umask 077
kept=$1; begun=$2; php=$3; shift 3
b=$(mktemp -d) || exit 1
trap 'rm -rf "$b" "$kept.new"' EXIT
[ "$begun" != yes ] || [ ! -e "$kept" ] || tar -C "$b" -xf "$kept" || exit 1
touch "$b/paths" || exit 1
for f; do
    ! grep -qxF -e "$f" "$b/paths" || continue
    if [ -e "$f" ]; then mkdir -p -- "$b/files${f%/*}" && cp -p -- "$f" "$b/files$f" || exit 1; fi
    printf '%s\n' "$f" >>"$b/paths" || exit 1
done
[ -z "$php" ] || echo "$php" >"$b/php" || exit 1
mkdir -p -- "${kept%/*}" && tar -C "$b" -cf "$kept.new" . && { sync -- "$kept.new" 2>/dev/null || sync; } && mv -f -- "$kept.new" "$kept"
