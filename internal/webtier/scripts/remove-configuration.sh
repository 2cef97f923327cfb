: web-remove-configuration
set -u
unit=$1; mp=$2; ours=$3; library=$4; php=$5; pending=$6; local=$7; shift 7
if [ -n "$unit" ]; then
    systemctl disable --quiet -- "$unit" 2>/dev/null
    timeout 60 systemctl stop -- "$unit" || umount --lazy -- "$mp"
    chattr -i -- "$mp" 2>/dev/null; rmdir -- "$mp" 2>/dev/null
fi
if [ -d /etc/apache2 ]; then
    rm -f "/etc/apache2/sites-enabled/$ours" "/etc/apache2/conf-enabled/$ours"
    sed -i -e '/^# Managed by terraform-provider-ha/d' -e 's/^Listen [0-9]*$/Listen 80/' /etc/apache2/ports.conf
fi
www=/etc/php/$php/fpm/pool.d/www.conf
[ -z "$php" ] || [ ! -e "$www.terraform-ha-off" ] || mv -f -- "$www.terraform-ha-off" "$www"
rm -f -- "$@"
rm -rf -- "$library" "$pending"
if [ -n "$local" ]; then rm -f -- "$local/sentinel" "$local/lock" "$local/cron.lock"; rmdir -- "$local" 2>/dev/null; fi
rmdir /etc/systemd/system/apache2.service.d "/etc/systemd/system/php$php-fpm.service.d" 2>/dev/null
systemctl daemon-reload
