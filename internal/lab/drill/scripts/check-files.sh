: drill-check-files
# Reads lines of a checksum and a path below $1, and prints the paths whose content is
# another or that are missing. What is well at a second look two seconds later is printed
# with "late " before it and what was said at first after it. A checksum "-" only asks whether the file is there; those
# in the folder of the drill, which are most, are looked for in one listing of it. The last
# line says how many were compared.
cd "$1" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -r "$work"' EXIT
list=$work/list have=$work/have wanted=$work/wanted sums=$work/sums
cat >"$list"
grep -v '^- ' "$list" | sed 's/^\([0-9a-f]*\) /\1  /' | LC_ALL=C sha256sum --check 2>"$work/why" >"$sums"
sed -n 's/: FAILED.*$//p' "$sums" | while IFS= read -r path; do
    sleep 2
    sum=$(LC_ALL=C sha256sum -- "$path" 2>/dev/null)
    if grep -qxF -- "${sum%% *} $path" "$list"; then
        printf 'late %s: %s\n' "$path" "$(grep -F -m 1 -- "$path" "$work/why" || echo 'it had another content')"
    else
        printf '%s\n' "$path"
    fi
done
[ "$(wc -l <"$sums")" -eq "$(grep -vc '^- ' "$list")" ] || { echo "only $(wc -l <"$sums") files were compared" >&2; exit 1; }
: >"$have"
[ ! -d .terraform-ha-drill ] || find .terraform-ha-drill -type f | LC_ALL=C sort >"$have"
sed -n 's/^- \(\.terraform-ha-drill\/.*\)$/\1/p' "$list" | LC_ALL=C sort >"$wanted"
LC_ALL=C comm -23 "$wanted" "$have" | while IFS= read -r path; do
    if [ -e "$path" ]; then printf 'late %s: it was not in the listing\n' "$path"; else printf '%s\n' "$path"; fi
done
grep '^- ' "$list" | grep -v '^- \.terraform-ha-drill/' | cut -d' ' -f2- | while IFS= read -r path; do
    [ -e "$path" ] || printf '%s\n' "$path"
done
echo "compared $(wc -l <"$list")"
