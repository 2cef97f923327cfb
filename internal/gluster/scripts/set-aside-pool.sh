: gluster-set-aside-pool
# Stops glusterd and moves what it knows of its pool to a directory beside its own. It keeps
# its identity, what its package brought, and keys. The peers go last: a glusterd that has
# them and no volume takes the volumes from them when it starts.
set -e
d=/var/lib/glusterd
systemctl stop glusterd
to=$d.set-aside-$(date -u +%Y%m%dT%H%M%SZ)
(umask 077 && mkdir -p -- "$to")
for f in "$d"/*; do
    case ${f##*/} in glusterd.info | groups | hooks | secure-access | geo-replication | peers) continue ;; esac
    mv -- "$f" "$to/"
done
[ ! -e "$d/peers" ] || mv -- "$d/peers" "$to/"
sync
