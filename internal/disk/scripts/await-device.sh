: await-device
# Waits for a device that was just attached: udev names it a moment later.
n=0
until [ -b "$1" ]; do
    n=$((n + 1))
    [ $n -lt 120 ] || { echo "it did not appear within a minute; is the volume attached to this machine?" >&2; exit 1; }
    sleep 0.5
done
