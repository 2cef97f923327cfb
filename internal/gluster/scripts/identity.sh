: gluster-identity
# Prints the identity of glusterd, and the directories with what it knew of a pool before.
cat /var/lib/glusterd/glusterd.info
for d in /var/lib/glusterd.set-aside-*/; do
    [ ! -d "$d" ] || printf 'aside=%s\n' "${d%/}"
done
