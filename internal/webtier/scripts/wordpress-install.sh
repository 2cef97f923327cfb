: web-wordpress-install
# WordPress's own installer fills the database, unless it is filled: the database is what
# decides, not our record. The installer is a constant text; what it works with comes on
# standard input.
. ./wordpress-record.sh
code=$1
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
limit=240
as_site sh -c 'cd "$1" && exec php -d display_errors=stderr -d memory_limit=256M -r "$2"' sh "$root" "$code" >"$t/said" 2>"$t/why"; status=$?
if [ "$status" = 0 ] && head -c 65536 "$t/said" | grep -q '^terraform-ha:done'; then record installed; exit 0; fi
head -c 2000 "$t/said" "$t/why" >&2
exit 1
