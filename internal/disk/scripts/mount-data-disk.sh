: mount-data-disk
# Mounts the file system once udev has named it. Its root goes to the user whose data
# it is for, where the user is there already: otherwise the package does that, which
# makes the user.
named=$1 unit=$2 directory=$3 owner=$4 n=0
until [ -e "$named" ]; do
    n=$((n + 1))
    [ $n -lt 150 ] || { echo "there is no $named: udev has not found the file system" >&2; exit 1; }
    sleep 0.2
done
systemctl reset-failed "$unit" 2>/dev/null
systemctl start "$unit" || { journalctl -n 15 --no-pager -o cat -u "$unit" >&2; exit 1; }
[ -z "$owner" ] || [ -n "$(ls -A -- "$directory")" ] || ! id -u "$owner" >/dev/null 2>&1 || chown -- "$owner:$owner" "$directory"
