: gluster-even-times
# Sets the time of access of directories of the volume $1 as a client does, on all bricks to
# the same. The other arguments are their paths in the volume. The mount is gone in the end,
# also one that a run has left which was cut off.
leave() { umount -l "$1" 2>/dev/null; rmdir "$1" 2>/dev/null; }
for left in /run/gluster-times.*; do
    [ ! -d "$left" ] || leave "$left"
done
at=$(mktemp -d /run/gluster-times.XXXXXX) || exit
trap 'leave "$at"' EXIT
trap 'exit 1' HUP INT TERM PIPE
timeout 30 mount -t glusterfs -o log-level=ERROR "localhost:/$1" "$at" || exit
shift
s=0
for directory; do
    timeout 10 touch -a -c -- "$at$directory" || s=$?
done
exit $s
