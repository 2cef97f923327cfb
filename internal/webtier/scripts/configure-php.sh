: web-configure-php
. ./transaction.sh
. ./unknown-settings.sh
version=$1
www=/etc/php/$version/fpm/pool.d/www.conf
[ ! -e "$www" ] || mv -f -- "$www" "$www.terraform-ha-off" || exit 1
refused=
if ! "php-fpm$version" -t >"$b/said" 2>&1; then refused=yes
elif unknown_settings "$@" | sed -n "s/^unknown \(.*\)/PHP $version knows no setting \1/p" >"$b/said" && [ -s "$b/said" ]; then refused=yes
fi
if [ -n "$refused" ]; then
    files_back; rm -f "$pending"
    [ -n "$(ls "${www%/*}"/*.conf 2>/dev/null)" ] || mv -f -- "$www.terraform-ha-off" "$www"
    echo "PHP-FPM refuses the configuration, the one before is back in place:" >&2
    cat "$b/said" >&2
    exit 1
fi
if systemctl is-active --quiet "php$version-fpm.service"; then systemctl reload "php$version-fpm.service" || exit 1; fi
rm -f "$pending"
