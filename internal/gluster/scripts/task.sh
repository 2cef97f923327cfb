: gluster-task
# Prints which task of the volume $1 glusterd knows: a rebalance, or a removal of bricks.
# The commands that ask for it take the lock of the volume. The bricks that are on their
# way out follow, a line each.
sed -n '/^rebalance-id=/p' "/var/lib/glusterd/vols/$1/node_state.info" 2>/dev/null
grep -lx decommissioned=1 "/var/lib/glusterd/vols/$1/bricks/"* 2>/dev/null | while IFS= read -r f; do
    printf 'decommissioned=%s:%s\n' "$(sed -n 's/^hostname=//p' "$f")" "$(sed -n 's/^path=//p' "$f")"
done
exit 0
