: web-wordpress-copy
# Is repeated when it was interrupted. Thousands of small files on a replicated volume are
# a matter of round trips, so several are under way at once. The package's own
# wp-config.php looks for one in /etc and is of no use here.
. ./wordpress-record.sh
! grep -q '^copied' "$stamp" 2>/dev/null || exit 0
record copying
. ./find-wordpress.sh
as_owner sh -c '
    cd "$2" || exit 1
    find -L . -mindepth 1 -type d -print0 | (cd "$1" && xargs -0 mkdir -p --)
    find -L . -type f ! -path ./wp-config.php ! -path ./.htaccess -print0 | xargs -0 -P 8 -n 40 cp --parents -t "$1" -- || exit 1
    mkdir -p "$1/wp-content/uploads"' sh "$root" "$from" || exit 1
record source "${sum:-package}"
record copied
