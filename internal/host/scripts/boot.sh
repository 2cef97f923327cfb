: boot
. ./boot-name.sh
boot_name
systemctl is-system-running
exit 0
