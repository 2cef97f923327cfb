: web-apache-enabled
cd /etc/apache2 2>/dev/null && ls -d mods-enabled/* sites-enabled/* conf-enabled/*; :
