: gluster-identity
cat /var/lib/glusterd/glusterd.info
