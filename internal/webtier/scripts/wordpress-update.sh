: web-wordpress-update
# Leaves the work to WordPress's own updater, which knows what a version has removed,
# keeps visitors out meanwhile and changes the database. It is done where the archive is
# newer, and only noted where it is not.
. ./wordpress-record.sh
. ./find-wordpress.sh
update=$3; upgrade=$4
limit=1800
as_owner sh -c 'cd "$1" && php -d display_errors=stderr -d memory_limit=256M -r "$2" -- "$4" && exec php -d display_errors=stderr -d memory_limit=256M -r "$3"' \
    sh "$root" "$update" "$upgrade" "${from%/*}" >"$t/said" 2>"$t/why"; status=$?
if [ "$status" = 0 ] && head -c 65536 "$t/said" | grep -q '^terraform-ha:done'; then record source "$sum"; exit 0; fi
head -c 2000 "$t/said" "$t/why" >&2
exit 1
