: web-restart-probe
[ "$(systemctl show -p LoadState --value -- "$1")" != loaded ] || systemctl try-restart -- "$1"
