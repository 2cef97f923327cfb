# A web server, once there is a volume to mount.
set -e
systemctl start srv-www.mount
mkdir -p /srv/www/site
echo floor >/srv/www/site/.health
chown www-data:www-data /srv/www/site
# Its package has started PHP-FPM with a pool that is gone.
systemctl restart "$(cd /lib/systemd/system && ls php[0-9]*-fpm.service)"
systemctl start floor-probe apache2
