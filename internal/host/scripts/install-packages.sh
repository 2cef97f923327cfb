: install-packages
# Debian starts a service as soon as its package is unpacked. For a database that would
# be a server of its own, outside the cluster, so its unit is masked in /run for the
# time of the installation: the mask is gone after a reboot even if nobody lifts it, and
# unlike a policy-rc.d it holds back nothing else.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
. ./refresh-lists.sh
. ./little-room.sh
hold=$1
shift
apt() {
    apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold --allow-change-held-packages -o APT::Status-Fd=9 "$@"
}
# shellcheck disable=SC2086 # a word for each unit
[ -z "$hold" ] || systemctl mask --runtime --quiet $hold
command -v cloud-init >/dev/null && timeout 900 cloud-init status --wait >/dev/null 2>&1
dpkg --configure -a >/dev/null 2>&1
# shellcheck disable=SC2119 # no options for apt
apt install --no-install-recommends "$@" >/dev/null || { refresh_lists && apt install --no-install-recommends "$@" >/dev/null; }
s=$?
[ $s = 0 ] || little_room >&2
# shellcheck disable=SC2086 # a word for each unit
[ -z "$hold" ] || systemctl unmask --runtime --quiet $hold
exit $s
