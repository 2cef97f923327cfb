: web-mount-pending
umask 022
mkdir -p "$1" && : >"$1/mount"
