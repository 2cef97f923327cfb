: web-configure-apache
# Tests before it loads. Another way to process requests and another port need a
# restart; all else is loaded without losing a request.
. ./transaction.sh
modules=$1; ours=$2
cd /etc/apache2 || exit 1
tar -cf "$b/enabled.tar" mods-enabled sites-enabled conf-enabled
ports=$(grep -h '^Listen' "$b"/*.old 2>/dev/null | sort); mpm=$(ls mods-enabled/mpm_*.load 2>/dev/null)
back() {
    files_back
    rm -rf mods-enabled sites-enabled conf-enabled; tar -xf "$b/enabled.tar"
}
unwanted=
for m in mods-enabled/mpm_prefork.load mods-enabled/mpm_worker.load mods-enabled/php*.load; do
    [ ! -e "$m" ] && [ ! -L "$m" ] || unwanted="$unwanted $(basename "$m" .load)"
done
# shellcheck disable=SC2086 # both are lists of words
{
    [ -z "$unwanted" ] || a2dismod -q -f $unwanted
    a2enmod -q $modules && a2enconf -q "$ours" && a2ensite -q "$ours"
    if [ -L sites-enabled/000-default.conf ]; then a2dissite -q 000-default; fi
} >"$b/said" 2>&1 || { back; rm -f "$pending"; cat "$b/said" >&2; exit 1; }
if ! apachectl configtest >"$b/said" 2>&1; then
    back; rm -f "$pending"
    echo "Apache refuses the configuration, the one before is back in place:" >&2
    grep -v '^AH00558' "$b/said" >&2
    exit 1
fi
if systemctl is-active --quiet apache2.service; then
    verb=reload
    [ "$(grep -h '^Listen' ports.conf | sort)" = "$ports" ] && [ "$(ls mods-enabled/mpm_*.load)" = "$mpm" ] || verb=restart
    if ! systemctl "$verb" apache2.service || ! systemctl is-active --quiet apache2.service; then
        journalctl -n 15 --no-pager -o cat -u apache2.service >&2
        back; systemctl reset-failed apache2.service; systemctl restart apache2.service
        rm -f "$pending"; exit 1
    fi
fi
rm -f "$pending"
