# $1: units that must not start by themselves; the rest: packages.
set -e
export DEBIAN_FRONTEND=noninteractive
hold=$1; shift
systemctl mask --runtime --quiet $hold
apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" >/dev/null 2>&1
systemctl unmask --runtime --quiet $hold
