: web-inside
# Runs as the site's own user and looks at what WordPress's files are. Nothing that lies
# there can hold it up: links are not followed and pipes not waited for, and no more is
# read than wp-config.php of ours has. Where that user may write some directories only, it
# says which of other names it may write, and which of those directories not.
# Arguments: the document root, the directories, the files that every WordPress has, and
# other names that must not be writable.
cd "$1" || exit 1
for f in * .[!.]*; do
    [ ! -e "$f" ] && [ ! -L "$f" ] || { echo filled; break; }
done
if [ -e wp-config.php ] || [ -L wp-config.php ]; then
    echo "loader $(dd if=wp-config.php iflag=nofollow,nonblock,fullblock bs=65536 count=1 status=none 2>/dev/null | sha256sum | cut -d' ' -f1)"
fi
[ -f index.php ] || [ -f wp-load.php ] || { echo end; exit 0; }
for f in $3; do
    [ -f "$f" ] || echo "missing $f"
done
if [ -n "$2" ]; then
    for f in $4 $3; do
        [ ! -w "$f" ] || echo "open $f"
    done
    for d in $2; do
        [ ! -d "${d%/*}" ] || [ -w "$d" ] || echo "shut $d"
    done
fi
set -- wp-content/themes/*/style.css
[ -f "$1" ] || echo "missing wp-content/themes"
echo end
