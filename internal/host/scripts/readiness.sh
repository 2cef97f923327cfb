: readiness
read -r boot </proc/sys/kernel/random/boot_id && echo "boot $boot"
echo "clock $(date +%s)"
echo "state $(systemctl is-system-running)"
df -Pm /usr /var | while read -r _ _ _ free _ on; do echo "free $free $on"; done
ss -Hltnp | while read -r _ _ _ at _ program; do echo "listener ${at##*:} $program"; done
