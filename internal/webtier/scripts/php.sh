: web-php
# Finds the newest PHP-FPM, which is known by its binary: its directories below /etc stay
# behind when it is removed.
. ./unknown-settings.sh
key=$1; settings=$2; shift 2
v=''; n=0
for f in /usr/sbin/php-fpm[0-9]*; do [ ! -e "$f" ] || { v=${f##*/php-fpm}; n=$((n + 1)); }; done
# shellcheck disable=SC2012 # names that dpkg made
[ "$n" -lt 2 ] || v=$(ls /usr/sbin/php-fpm[0-9]* | sed 's|.*/php-fpm||' | sort -V | tail -n 1)
[ -n "$v" ] || exit 0
printf 'version %s\n' "$v"
[ ! -e "/etc/php/$v/fpm/pool.d/www.conf" ] || echo pool
# shellcheck disable=SC2086 # a list of words
unknown_settings "$v" $settings
printf 'units\nUnit=%s\n' "$key"
TZ=UTC systemctl show -p LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,ExecMainStartTimestamp -- "php$v-fpm.service"
echo files
n=$#
for f; do
    while :; do case $f in *%v*) f=${f%%"%v"*}$v${f#*"%v"} ;; *) break ;; esac; done
    [ ! -f "$f" ] || set -- "$@" "$f"
done
shift "$n"
[ $# -gt 0 ] || exit 0
stat -c '0%a %U %G %Y %n' -- "$@"
sha256sum -- "$@"
