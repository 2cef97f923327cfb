# $1 to $3: the file servers; $4: who may mount. Runs on the first one.
set -e
g() { gluster --mode=script "$@" >/dev/null; }
g peer probe "$2"
g peer probe "$3"
until [ "$(gluster --mode=script peer status | grep -c 'Peer in Cluster (Connected)')" = 2 ]; do sleep 0.1; done
g volume create content replica 3 transport tcp "$1:/srv/gluster/content/brick" "$2:/srv/gluster/content/brick" "$3:/srv/gluster/content/brick" force
g volume set content auth.allow "$4" network.ping-timeout 10 client.tcp-user-timeout 8 cluster.quorum-type auto \
    features.cache-invalidation on features.cache-invalidation-timeout 600 performance.stat-prefetch on \
    performance.cache-invalidation on performance.md-cache-timeout 600 network.inode-lru-limit 200000 \
    cluster.readdir-optimize on cluster.lookup-optimize on \
    client.event-threads 4 server.event-threads 4 performance.cache-size 256MB performance.quick-read on
g volume start content
