: galera-set-aside
# Moves the data directory $1 to one beside it with the time in its name, and makes
# an empty one. $2 remembers where to until that is done, so that a run that breaks
# off is resumed; $3 makes new system tables, if there is any. $4 is how many were set aside
# before: with more it is done, and the one who asked has not heard of it, because the
# machine has booted since then. Nothing of the data is removed before it lies whole in its
# new place.
set -e
d=$1 record=$2 initialize=$3 before=$4
if [ -s "$record" ]; then
    read -r to <"$record"
else
    there=0
    for dir in "$d".set-aside-*Z; do
        [ ! -d "$dir" ] || there=$((there + 1))
    done
    [ "$there" -le "$before" ] || exit 0
    to=$d.set-aside-$(date -u +%Y%m%dT%H%M%SZ)
    printf '%s\n' "$to" >"$record.new"
    sync "$record.new"
    mv -f "$record.new" "$record"
fi
taken() { [ -s "$d/grastate.dat" ] && ! grep -q '^uuid: *00000000-0000-0000-0000-000000000000' "$d/grastate.dat"; }
fresh=1
if [ -e "$to" ]; then
    # What the server has taken from the others since then stays.
    ! taken || fresh=
elif mountpoint -q "$d"; then
    if [ ! -e "$to.whole" ]; then
        used=$(du -s -B1 "$d" | cut -f1)
        free=$(($(stat -f -c '%a * %S' "${d%/*}")))
        [ "$used" -lt "$free" ] || {
            echo "$d is a file system of its own, and ${d%/*} has no room for a copy: $used bytes are needed and $free are free" >&2
            exit 1
        }
        rm -rf "$to.part"
        cp -a "$d" "$to.part"
        sync -f "$to.part"
        mv -T "$to.part" "$to.whole"
    fi
    rm -f "$d/grastate.dat" "$d/gvwstate.dat"
    sync -f "$d"
    mv -T "$to.whole" "$to"
else
    mv -T "$d" "$to"
fi
if [ -n "$fresh" ]; then
    if [ -d "$d" ]; then
        find "$d/" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
    else
        mkdir "$d"
        chown --reference="$to" "$d"
        chmod --reference="$to" "$d"
    fi
    [ -z "$initialize" ] || "$initialize" --user=mysql --datadir="$d" --skip-test-db >/dev/null
fi
sync -f "$d"
rm -f "$record"
