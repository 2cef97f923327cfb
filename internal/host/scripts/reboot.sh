: reboot
# Reboots in an orderly way, unless the machine is on its way already. Arguments: the name
# of the boot that is to end, the record of the reboot, why, and the kernel that is installed
# and does not run.
. ./boot-name.sh
. ./carried-leases.sh
[ "$(boot_name)" = "$1" ] && [ "$(systemctl is-system-running)" != stopping ] || exit 0
mkdir -p "${2%/*}"
printf '%s\n' "$1" "$3" "$4" >"$2.new" && sync "$2.new" && mv -f "$2.new" "$2"
carry_leases "$1"
systemctl --no-block reboot
