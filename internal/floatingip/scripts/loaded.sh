#!/bin/sh
# Managed by terraform-provider-ha (floating-ip); changes are reverted.
# Notes which configuration Keepalived has read.
umask 077
cat /etc/keepalived/keepalived.conf /etc/keepalived/conf.d/*.conf 2>/dev/null | sha256sum >/run/terraform-ha/keepalived-loaded
exit 0
