: galera-data
# What lies in the data directory, and the room that its file system has.
room() { stat -f --printf='free %a %S\nsize %b %S\nsystem %T\n' "$1"; }
cd "$1" 2>/dev/null || {
    room "${1%/*}"
    exit 0
}
find . -mindepth 1 -maxdepth 1 \( -name galera.cache -printf 'cache %s\n' -o -type d -printf 'schema %f\n' \)
for f in gvwstate.dat grastate.dat; do
    [ ! -e "$f" ] || while read -r key value; do
        case $key in view_id: | member: | uuid: | seqno: | safe_to_bootstrap:) printf '%s %s\n' "${key%:}" "$value" ;; esac
    done <"$f"
done
# What a node that has left went away with, unless another history began since then.
[ -e grastate.dat ] || sed -n 's/^uuid: */departed /p' grastate.dat.left 2>/dev/null
room .
du -s -B1 . 2>/dev/null | { read -r n _ && echo "used $n 1"; }
exit 0
