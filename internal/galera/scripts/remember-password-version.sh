: galera-remember-password-version
# Replaces one record and compares names as they are.
set -e
umask 077
f=$1 t=$1.new
{
    [ ! -e "$f" ] || while read -r user rest; do [ "$user" = "$2" ] || printf '%s %s\n' "$user" "$rest"; done <"$f"
    printf '%s %s %s\n' "$2" "$3" "$4"
} >"$t"
mv -f "$t" "$f"
