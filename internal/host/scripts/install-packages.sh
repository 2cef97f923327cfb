: install-packages
# Debian starts a service as soon as its package is unpacked. For a database that would
# be a server of its own, outside the cluster, so its unit is masked in /run for the
# time of the installation: the mask is gone after a reboot even if nobody lifts it, and
# unlike a policy-rc.d it holds back nothing else.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
hold=$1
shift
apt() {
    apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold --allow-change-held-packages "$@"
}
# shellcheck disable=SC2086 # a word for each unit
[ -z "$hold" ] || systemctl mask --runtime --quiet $hold
command -v cloud-init >/dev/null && timeout 900 cloud-init status --wait >/dev/null 2>&1
dpkg --configure -a >/dev/null 2>&1
# apt waits for dpkg's lock when it is told to and never for that of its lists
# (apt.conf(5), DPkg::Lock::Timeout), which the system's own timer may hold on a machine
# that has just booted.
locked() { grep -q "POSIX .*:$(stat -c %i /var/lib/apt/lists/lock) " /proc/locks; }
update() {
    left=3 n=0
    until apt update; do
        locked || left=$((left - 1))
        n=$((n + 1))
        [ $left -gt 0 ] && [ $n -lt 200 ] || return 1
        sleep 3
    done
}
apt install --no-install-recommends "$@" >/dev/null || { update && apt install --no-install-recommends "$@" >/dev/null; }
s=$?
[ $s = 0 ] || df -Pm /usr /var | while read -r _ _ _ free _ on; do
    case $free in
    *[!0-9]*) ;;
    *) [ "$free" -ge 300 ] || echo "only $free MiB are free on $on" ;;
    esac
done | sort -u >&2
# shellcheck disable=SC2086 # a word for each unit
[ -z "$hold" ] || systemctl unmask --runtime --quiet $hold
exit $s
