# A web server, once there is a volume to mount.
set -e
systemctl start srv-www.mount
mkdir -p /srv/www/site
echo floor >/srv/www/site/.health
chown www-data:www-data /srv/www/site
systemctl start floor-probe "$(cd /lib/systemd/system && ls php[0-9]*-fpm.service)" apache2
