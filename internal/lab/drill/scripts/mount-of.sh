# mount_of prints the mount of GlusterFS that path $1 is on. It does not look at the path,
# which hangs where the process of the mount stands still.
mount_of() { awk -v path="$1/" '$3 == "fuse.glusterfs" && index(path, $2 "/") == 1 { found = $2 } END { print found }' /proc/self/mounts; }
