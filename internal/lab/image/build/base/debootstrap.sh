# Makes base.tar in FOLDER: a minimal Debian. Arguments: SUITE FOLDER MIRROR.
# The archive is complete before it is handed on, so that an interrupted build
# never leaves an image of half a system.
set -eu
suite=$1 folder=$2 mirror=$3
debootstrap --variant=minbase "$suite" "$folder/root" "$mirror"
rm -rf "$folder"/root/var/cache/apt/archives/*.deb "$folder"/root/var/lib/apt/lists/*
# Copied from the building machine, and not for the machines to have.
rm -f "$folder/root/etc/hostname" "$folder/root/etc/resolv.conf"
tar -C "$folder/root" --numeric-owner -cf "$folder/base.tar" .
