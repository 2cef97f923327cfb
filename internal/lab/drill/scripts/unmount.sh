: drill-unmount
# Takes the mount away that path $1 is on.
. ./mount-of.sh
mount=$(mount_of "$1")
umount --lazy "${mount:?}"
