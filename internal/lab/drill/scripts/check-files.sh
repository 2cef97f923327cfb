: drill-check-files
# Reads lines of a checksum and a path below $1, and prints the paths whose content is
# another or that are missing. A checksum "-" only asks whether the file is there; those
# in the folder of the drill, which are most, are looked for in one listing of it. The last
# line says how many were compared.
cd "$1" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -r "$work"' EXIT
list=$work/list have=$work/have wanted=$work/wanted sums=$work/sums
cat >"$list"
grep -v '^- ' "$list" | sed 's/^\([0-9a-f]*\) /\1  /' | LC_ALL=C sha256sum --check 2>/dev/null >"$sums"
sed -n 's/: FAILED.*$//p' "$sums"
[ "$(wc -l <"$sums")" -eq "$(grep -vc '^- ' "$list")" ] || { echo "only $(wc -l <"$sums") files were compared" >&2; exit 1; }
: >"$have"
[ ! -d .terraform-ha-drill ] || find .terraform-ha-drill -type f | LC_ALL=C sort >"$have"
sed -n 's/^- \(\.terraform-ha-drill\/.*\)$/\1/p' "$list" | LC_ALL=C sort >"$wanted"
LC_ALL=C comm -23 "$wanted" "$have"
grep '^- ' "$list" | grep -v '^- \.terraform-ha-drill/' | cut -d' ' -f2- | while IFS= read -r path; do
    [ -e "$path" ] || printf '%s\n' "$path"
done
echo "compared $(wc -l <"$list")"
