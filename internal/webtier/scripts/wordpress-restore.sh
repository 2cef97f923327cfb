: web-wordpress-restore
# Puts back what is missing, from the same version alone: a WordPress that has updated
# itself must not get older parts.
. ./wordpress-record.sh
. ./find-wordpress.sh
as_owner sh -c '
    version() { dd if="$1/wp-includes/version.php" iflag=nofollow,nonblock bs=65536 count=1 status=none | sed -n "s/^.wp_version *= *.\\([0-9.]*\\).*/\\1/p"; }
    have=$(version "$1"); given=$(version "$2")
    [ -n "$have" ] && [ "$have" = "$given" ] || { echo "WordPress ${have:-of unknown version} misses files, and those at hand are of ${given:-another version}: restore them from a backup, or install that version anew in the dashboard" >&2; exit 1; }
    cd "$2" || exit 1
    find -L . -mindepth 1 -type d -print0 | (cd "$1" && xargs -0 mkdir -p --)
    find -L . -type f ! -path ./wp-config.php ! -path ./.htaccess -exec sh -c "to=\$1; shift
    for f; do [ -e \"\$to/\$f\" ] || [ -L \"\$to/\$f\" ] || cp --parents -t \"\$to\" -- \"\$f\" || exit 1; done" sh "$1" {} +' sh "$root" "$from"
