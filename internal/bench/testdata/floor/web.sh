# A web server after its packages. $1 to $3: the file servers.
set -e
v=$(ls /usr/sbin/php-fpm[0-9]* | sed 's|.*/php-fpm||')
mkdir -p -m 0755 /srv/www /usr/local/lib/floor
cat >/etc/systemd/system/srv-www.mount <<end
[Unit]
Wants=network-online.target
After=network-online.target
[Mount]
What=$1:/content
Where=/srv/www
Type=glusterfs
Options=defaults,_netdev,log-level=WARNING,backup-volfile-servers=$2:$3
TimeoutSec=120
[Install]
WantedBy=remote-fs.target
end
for u in apache2 "php$v-fpm"; do
mkdir -p "/etc/systemd/system/$u.service.d"
printf '[Unit]\nRequiresMountsFor=/srv/www\n[Service]\nRestart=on-failure\nRestartSec=2\n' >"/etc/systemd/system/$u.service.d/floor.conf"
done
cat >/usr/local/lib/floor/probe <<'end'
#!/bin/sh
while sleep 1; do
if head -c 4096 /srv/www/site/.health >/dev/null 2>&1; then echo ok >/run/floor/ok; else rm -f /run/floor/ok; fi
done
end
chmod 755 /usr/local/lib/floor/probe
printf '[Service]\nUser=www-data\nRuntimeDirectory=floor\nExecStart=/usr/local/lib/floor/probe\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/floor-probe.service
cat >"/etc/php/$v/fpm/conf.d/99-floor.ini" <<end
opcache.memory_consumption = 256
opcache.interned_strings_buffer = 16
opcache.max_accelerated_files = 20000
opcache.revalidate_freq = 60
realpath_cache_size = 4M
realpath_cache_ttl = 600
memory_limit = 256M
upload_max_filesize = 64M
post_max_size = 72M
end
mv "/etc/php/$v/fpm/pool.d/www.conf" "/etc/php/$v/fpm/pool.d/www.conf.off"
cat >"/etc/php/$v/fpm/pool.d/floor.conf" <<end
[site]
user = www-data
group = www-data
listen = /run/php/floor.sock
listen.owner = www-data
listen.group = www-data
pm = dynamic
pm.max_children = 20
pm.start_servers = 2
pm.min_spare_servers = 2
pm.max_spare_servers = 4
end
cat >/etc/apache2/sites-available/floor.conf <<'end'
ServerName floor
EnableMMAP Off
EnableSendfile Off
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 192.168.255.0/24
<VirtualHost *:80>
DocumentRoot /srv/www/site
DirectoryIndex index.php index.html
<Directory /srv/www/site>
Options -Indexes +FollowSymLinks
AllowOverride None
Require all granted
</Directory>
<FilesMatch "\.php$">
SetHandler "proxy:unix:/run/php/floor.sock|fcgi://floor/"
</FilesMatch>
Alias /healthz /run/floor/ok
<Directory /run/floor>
Require all granted
</Directory>
</VirtualHost>
end
a2enmod -q headers mpm_event remoteip rewrite setenvif mime alias dir authz_core proxy proxy_fcgi >/dev/null
a2dissite -q 000-default >/dev/null
a2ensite -q floor >/dev/null
systemctl daemon-reload
systemctl enable --quiet srv-www.mount floor-probe apache2 "php$v-fpm"
