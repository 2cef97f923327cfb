#!/bin/sh
# Managed by terraform-provider-ha (floating-ip db); changes are reverted.
# Exits with 0 if this machine may hold 10.0.0.100; else says why not.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unfit() {
    printf '%s\n' "$1"
    exit 1
}
[ ! -e /run/terraform-ha/drain ] || unfit 'the machine is drained: /run/terraform-ha/drain exists'
timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash 10.0.0.11 3306 2>/dev/null ||
    unfit 'nothing accepts connections at 10.0.0.11:3306'
