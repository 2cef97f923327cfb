: web-wipe-root
. ./rooted.sh
root=$1; mp=$2; state=$3; shift 3
mounts() { awk -v p="$1" -v below="$2" '$5 == p || below && index($5, p "/") == 1 && $5 != p { print $5 }' /proc/self/mountinfo; }
if [ -n "$mp" ]; then [ -n "$(mounts "$mp" '')" ] || { echo "$mp is not mounted" >&2; exit 1; }; fi
rooted "$@"
other=$(mounts "$root" yes | grep -vxF -e "$root")
# shellcheck disable=SC2086 # on one line
[ -z "$other" ] || { echo "other file systems are mounted in $root, which would be wiped as well; unmount them first:" $other >&2; exit 1; }
if [ -L "$root" ]; then echo "$root is a symbolic link" >&2; exit 1; fi
if [ -d "$root" ]; then
    timeout 600 find "$root" -xdev -mindepth 1 -delete || exit 1
    [ -n "$(mounts "$root" '')" ] || rmdir -- "$root" || exit 1
fi
rm -rf --one-file-system -- "$state"
case $state in */.terraform-ha/*) rmdir -- "${state%/*}" 2>/dev/null ;; esac
:
