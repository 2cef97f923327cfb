: web-divide-files
# The one place but for wiping where root does something below the document root: nobody
# else may give a file to another user. It changes owners and has kept no capability for
# anything else. The names that it meets may be the work of the site's own user, so that it
# goes from directory to directory by descriptors, never follows a link, and takes only
# what belongs to one of the two users: whatever is put in its way, no file of anybody else
# changes hands. All else is done by those two, and the last word is that of the user who
# runs pages: what may I write?
. ./wordpress-record.sh
number=$1; dirs=$2; limit=3600
exec 8<"$state/cron.lock" || exit 1
flock -w 600 8 || { echo "scheduled work of another machine does not end" >&2; exit 1; }
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
site=$(id -u www-data) || exit 1
was=$(sed -n 's/^files read_only \([0-9]*\) .*/\1/p' "$stamp" 2>/dev/null)
give() {
    from=$1; to=$2; shift 2
    setpriv --bounding-set=-all,+chown,+dac_read_search --inh-caps=-all --no-new-privs find "$root" -xdev "$@" -uid "$from" \
        -execdir chown -h --from="$from" -- "$to:www-data" {} +
}
if [ -z "$dirs" ]; then
    give "$was" "$site" || exit 1
    record files writable
    exit 0
fi
[ "${was:-$number}" = "$number" ] || give "$was" "$number" || exit 1
set -- -false
for d in $dirs; do set -- "$@" -o -path "$root/$d" -o -path "$root/$d/*"; done
give "$site" "$number" ! \( "$@" \) || exit 1
as_owner sh -c '
    cd "$1" || exit 1
    for d in $2; do
        [ ! -d "${d%/*}" ] || [ -e "$d" ] || [ -L "$d" ] || mkdir -- "$d" || exit 1
    done' sh "$root" "$dirs" || exit 1
give "$number" "$site" \( "$@" \) || exit 1
others='cd "$1" || exit 1; dirs=$2; set -- -false; for d in $dirs; do set -- "$@" -o -path "./$d"; done'
as_owner sh -c "$others"'
    exec find . -xdev \( "$@" \) -prune -o -user "$(id -u)" \( -type d ! -perm -050 -o -type f ! -perm -040 -o ! -type l -perm /022 \) -exec chmod g+rX,go-w -- {} +' sh "$root" "$dirs" || exit 1
as_site sh -c "$others"'
    exec find . -xdev \( "$@" \) -prune -o \( -writable -o -xtype l \) -print' sh "$root" "$dirs" >"$t/open" 2>"$t/why"; status=$?
# 1 says that it was not let in somewhere, where it cannot write then.
[ "$status" -le 1 ] || { echo "looking for what pages can write ended with $status: $(head -c 1000 "$t/why")" >&2; exit 1; }
if [ -s "$t/open" ]; then
    # shellcheck disable=SC2046 # on one line
    echo "pages can still write these, or could write what these links lead to; give them to wordpress-files, or remove them:" $(head -n 5 "$t/open") >&2
    exit 1
fi
# shellcheck disable=SC2086 # a list of words
record files read_only "$number" $dirs
