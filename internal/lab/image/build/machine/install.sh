#!/bin/sh
# Turns a Debian minimal base into a lab machine. Runs as root in a container
# with the host's network; /lab-build holds this script and its inputs.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
input=/lab-build
archive=/var/lib/lab/apt
older=/var/lib/lab/apt-older

step() { echo "==> $*"; }
packages() { sed 's/#.*//' "$1"; }

step "reading package lists"
# No daemon may start while an image is built; this is removed again below,
# because on a machine an installation starts its daemons.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
# The page cache of a lab is not worth protecting from a power cut of its host:
# without the syncs of dpkg an installation takes a third of the time.
cp -r "$input/rootfs/etc/dpkg" /etc/
rm -f /etc/apt/sources.list.d/* /etc/apt/sources.list
cp "$input/sources.list" /etc/apt/sources.list
cp "$input/apt.conf" /etc/apt/apt.conf.d/00lab-build
apt-get -q update
apt-get -q -y --no-install-recommends dist-upgrade

step "installing the machine's own packages"
# shellcheck disable=SC2046
apt-get -q -y --no-install-recommends install $(packages "$input/installed.txt")

step "filling the package archive"
mkdir -p "$archive/partial"
# One at a time as well: which of two alternatives apt chooses depends on what
# else is asked for, and the archive has to satisfy each request alone.
for package in $(packages "$input/archive.txt") "$(packages "$input/archive.txt" | tr '\n' ' ')"; do
    # shellcheck disable=SC2086
    apt-get -q -y --no-install-recommends --download-only -o Dir::Cache::archives="$archive" install $package
done
rm -rf "$archive/partial" "$archive/lock"

step "filling the archive of older releases"
# The release before the newest one, where Debian's archives have two of them, as they do
# between an update for security and the next point release. No machine knows this archive
# from its beginning.
mkdir -p "$older"
cd "$older"
for package in $(packages "$input/older.txt"); do
    versions=$(apt-cache madison "$package" | awk '/ Packages$/ { print $3 }' | uniq)
    newest=$(printf '%s\n' "$versions" | sed -n 1p)
    next=$(printf '%s\n' "$versions" | sed -n 2p)
    [ -n "$next" ] || continue
    for file in "$archive"/*_"$(printf '%s' "$newest" | sed 's/:/%3a/')"_*.deb; do
        name=${file##*/}
        apt-get -q download "${name%%_*}=$next"
    done
done

step "indexing the package archives"
for folder in "$archive" "$older"; do
    cd "$folder"
    apt-ftparchive packages . > Packages
    apt-ftparchive release . > Release.new
    mv Release.new Release
done
rm -rf /etc/apt/apt.conf.d/00lab-build /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb
echo "deb [trusted=yes] file:$archive ./" > /etc/apt/sources.list
apt-get -q update

step "making it a machine"
cp -r "$input/rootfs/." /
chmod 755 /usr/local/lib/lab/*
# What a container cannot do (devices, consoles, clocks) and what would make
# two runs of a lab differ (timers).
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-udevd-kernel.socket \
    systemd-udevd-control.socket systemd-modules-load.service systemd-remount-fs.service \
    systemd-firstboot.service systemd-machine-id-commit.service \
    getty.target getty@tty1.service getty-static.service console-getty.service systemd-logind.service \
    dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount \
    sys-kernel-tracing.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer logrotate.timer; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
systemctl set-default multi-user.target
systemctl enable lab-boot.service lab-network.service lab-volumes.service ssh.service
systemctl disable nftables.service || true
rm -f /etc/ssh/ssh_host_* /usr/sbin/policy-rc.d /var/lib/dbus/machine-id
: > /etc/machine-id
rm -rf /var/log/journal /var/log/apt /var/log/dpkg.log /lab-build
step "done"
