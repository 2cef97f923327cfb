: web-wordpress-config
# The salts are made on the machine, once for all, and never leave the volume.
. ./wordpress-record.sh
digest=$1; loader=$2
put() { chown root:www-data "$1.new" && chmod 0640 "$1.new" && mv -f -- "$1.new" "$1"; }
umask 077
salts=$state/salts.php
if [ ! -s "$salts" ]; then
    {
        echo '<?php'
        for name in AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT NONCE_SALT; do
            printf "define('%s', '%s');\n" "$name" "$(head -c 48 /dev/urandom | base64 -w 0)"
        done
    } >"$salts.new" && put "$salts" || exit 1
fi
chown root:www-data "$salts"; chmod 0640 "$salts"
settings=$state/wordpress.php
cat >"$settings.new" && php -l "$settings.new" >/dev/null && put "$settings" || exit 1
umask 022
limit=60
as_owner sh -c '
    umask 022
    t=$(mktemp -- "$1/wp-config.XXXXXX") || exit 1
    printf %s "$2" >"$t" && chmod 0644 -- "$t" && mv -fT -- "$t" "$1/wp-config.php" || { rm -f -- "$t"; exit 1; }' sh "$root" "$loader" || exit 1
record config "$digest" "$(sha256sum <"$settings" | cut -d' ' -f1)"
# A record that was lost begins again here: the files are not to be copied anew.
grep -q '^copied' "$stamp" || record copied
