: web-prepare-root
. ./rooted.sh
set -u; umask 022
root=$1; state=$2; tier=$3; volume=$4; expected=$5; sessions=$6; owner=$7; shift 7
rooted "$@"
sentinel=$state/sentinel
line() { sed -n "s/^$1 //p" "$sentinel" 2>/dev/null; }
if [ -n "$expected" ]; then
    [ "$(line site)" = "$expected" ] || { echo "$sentinel is not there or is not that of this site: the volume is another one, or it was emptied. Nothing was made on it; the next plan says what to do" >&2; exit 1; }
    [ -d "$root" ] || { echo "$root is gone" >&2; exit 1; }
fi
mkdir -p -- "$root" "$state" || exit 1
[ ! -L "$root" ] || { echo "$root is a symbolic link" >&2; exit 1; }
(umask 077; : >>"$state/lock") && exec 9>>"$state/lock" || exit 1
flock -w 300 9 || { echo "another machine works in $state" >&2; exit 1; }
site=$(line site); was=$(line volume)
[ -n "$site" ] || site=$(cat /proc/sys/kernel/random/uuid) || exit 1
if [ "$volume" = - ] || [ -n "$expected" ] && [ "${was:--}" != - ]; then volume=${was:--}; fi
if [ "$volume" != "$was" ] || [ ! -s "$sentinel" ]; then
    printf 'terraform-ha web tier %s\nsite %s\nvolume %s\n' "$tier" "$site" "$volume" >"$sentinel.new" && mv -f -- "$sentinel.new" "$sentinel" || exit 1
fi
chmod 0644 -- "$sentinel"
: >>"$state/cron.lock" && chmod 0644 -- "$state/cron.lock" || exit 1
if [ -n "$sessions" ]; then
    mkdir -p -- "$sessions" && [ ! -L "$sessions" ] && chmod 0700 -- "$sessions" && chown -h www-data:www-data -- "$sessions" || exit 1
fi
chown -h "$owner:www-data" -- "$root"
