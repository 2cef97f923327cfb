# unknown_settings prints those of some names that PHP-FPM of a version does not know:
# "unknown name" where it knows others of that kind, which makes it a slip, and "unloaded
# name" where it knows none, because the extension that knows it is not loaded. All
# settings of PHP-FPM and of loaded extensions are in its information about itself, but
# for those of mysqlnd, which are taken for known.
unknown_settings() {
    [ $# -gt 1 ] || return 0
    info=$("php-fpm$1" -i 2>/dev/null | sed -n 's/^\([A-Za-z][A-Za-z0-9_.]*\) => .* => .*/\1/p')
    shift
    [ -n "$info" ] || return 0
    for name; do
        case $name in mysqlnd.*) continue ;; esac
        ! printf '%s\n' "$info" | grep -qxF -e "$name" || continue
        case $name in
        *.*) printf '%s\n' "$info" | awk -v p="${name%%.*}." 'index($0, p) == 1 { found = 1 } END { exit !found }' || { echo "unloaded $name"; continue; } ;;
        esac
        echo "unknown $name"
    done
}
