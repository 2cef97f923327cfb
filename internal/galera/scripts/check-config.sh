: galera-check-config
command -v "$1" >/dev/null || exit 0
t=$(mktemp) && trap 'rm -f "$t"' EXIT && cat >"$t" && chmod 0644 "$t" || exit 1
o=$("$1" --defaults-file="$t" --user=mysql --verbose --help 2>&1 >/dev/null) && ! printf '%s' "$o" | grep -q '\[ERROR\]' && exit 0
printf '%s\n' "$o" | tail -n 5 >&2
exit 1
