: gluster-defined
[ ! -e "/var/lib/glusterd/vols/$1/info" ] || echo yes
