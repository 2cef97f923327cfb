#!/bin/sh
# Turns a lab machine into a lab NodeBalancer.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
echo "==> installing the balancer's packages"
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q -y --no-install-recommends install haproxy socat
cp -r /lab-build/rootfs/. /
chmod 755 /usr/local/lib/lab/*
# A balancer installs nothing any more.
rm -rf /usr/sbin/policy-rc.d /lab-build /var/lib/lab/apt
echo "==> done"
