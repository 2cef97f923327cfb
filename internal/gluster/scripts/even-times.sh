: gluster-even-times
# Sets the time of access of directories of the volume $1 as a client does, on all bricks to
# the same. The other arguments are their paths in the volume.
for left in /run/gluster-times.*; do
    [ ! -d "$left" ] || { umount -l "$left" 2>/dev/null; rmdir "$left"; }
done
at=$(mktemp -d /run/gluster-times.XXXXXX) || exit
timeout 60 mount -t glusterfs -o log-level=ERROR "localhost:/$1" "$at" || exit
shift
s=0
for directory; do
    timeout 20 touch -a -c -- "$at$directory" || s=$?
done
timeout 20 umount "$at" || umount -l "$at"
rmdir "$at"
exit $s
