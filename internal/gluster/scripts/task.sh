: gluster-task
# Prints which task of the volume $1 glusterd knows: a rebalance, or a removal of bricks.
# The commands that ask for it take the lock of the volume.
sed -n '/^rebalance-id=/p' "/var/lib/glusterd/vols/$1/node_state.info" 2>/dev/null
exit 0
