: drill-check-files
# Reads lines of a checksum and a path below $1, and prints the paths whose content is
# another or that are missing. A checksum "-" only asks whether the file is there. The
# last line says how many were compared.
cd "$1" || exit 1
list=$(mktemp) || exit 1
trap 'rm -f "$list"' EXIT
cat >"$list"
grep -v '^- ' "$list" | sed 's/^\([0-9a-f]*\) /\1  /' | LC_ALL=C sha256sum --check --quiet 2>/dev/null | sed -n 's/: FAILED.*$//p'
grep '^- ' "$list" | cut -d' ' -f2- | while IFS= read -r path; do
    [ -e "$path" ] || printf '%s\n' "$path"
done
echo "compared $(wc -l <"$list")"
