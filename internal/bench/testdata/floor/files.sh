# A file server after its packages.
set -e
mkdir -p /srv/gluster/content/brick /etc/systemd/system/glusterd.service.d
printf '[Service]\nKillMode=process\n' >/etc/systemd/system/glusterd.service.d/floor.conf
sed -i -e 's/option base-port.*/option base-port 49152/' -e 's/option max-port.*/option max-port 49251/' /etc/glusterfs/glusterd.vol
systemctl daemon-reload
systemctl enable --quiet glusterd
systemctl start glusterd
until gluster --mode=script system:: uuid get >/dev/null 2>&1; do sleep 0.1; done
