: web-mount-volume
# Makes the directory underneath useless, so that nothing is ever written beside the
# volume; not every file system and container can. A mount whose client is gone has to be
# taken away, or nothing can take its place. Servers that still see that one are restarted
# as the timer would; whether they can be is not this script's to say.
set -u; umask 022
. ./welcome.sh
unit=$1; mp=$2; type=$3; again=$4; pending=$5; remount=$6
mounted() { awk -v p="$mp" '$5 == p { found = 1 } END { exit !found }' /proc/self/mountinfo; }
client() { pgrep -f -- "^[^ ]*glusterfs .* $mp\$" >/dev/null; }
users=
if mounted && [ "$again" = yes ]; then
    # Stopping the mount stops those that require it.
    for u in $(cd /lib/systemd/system && ls php[0-9]*-fpm.service apache2.service 2>/dev/null); do
        ! systemctl is-active --quiet "$u" || users="$users $u"
    done
    systemctl stop -- "$unit"
    # Our own probe reads there for a moment every second. Where somebody else keeps
    # it busy, the old mount goes on serving.
    n=0
    while mounted && ! why=$(umount -- "$mp" 2>&1); do
        n=$((n + 1))
        # shellcheck disable=SC2086 # a list of words
        [ "$n" -lt 25 ] || { echo "$why" >&2; systemctl start -- "$unit" $users; exit 1; }
        sleep 0.2
    done
elif mounted && [ "$type" = fuse.glusterfs ] && ! client; then
    umount --lazy -- "$mp"
fi
if ! mounted; then
    if [ -d "$mp" ]; then
        [ -z "$(filled "$mp")" ] || { echo "$mp is not empty: its files would be hidden by the mount" >&2; exit 1; }
        case $mp in /var/www | /var/www/html) remove_welcome "$mp" ;; esac
    fi
    if [ ! -d "$mp" ]; then
        # shellcheck disable=SC2174 # the parents have the mode of umask, which is the same
        mkdir -p -m 0755 -- "$(dirname -- "$mp")" && mkdir -m 0000 -- "$mp" || exit 1
        chattr +i -- "$mp" 2>/dev/null
    fi
    systemctl reset-failed -- "$unit" 2>/dev/null
    if ! systemctl start -- "$unit"; then
        journalctl -n 15 --no-pager -o cat -u "$unit" >&2
        tail -n 5 "/var/log/glusterfs/$(printf %s "${mp#/}" | tr / -).log" >&2 2>/dev/null
        exit 1
    fi
fi
# shellcheck disable=SC2086 # a list of words
[ -z "$users" ] || systemctl start $users || exit 1
[ ! -x "$remount" ] || "$remount" || :
rm -f -- "$pending/mount"
