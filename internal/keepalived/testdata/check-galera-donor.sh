#!/bin/sh
# Managed by terraform-provider-ha (floating-ip db); changes are reverted.
# Exits with 0 if this machine may hold 10.0.0.100; else says why not.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unfit() {
    printf '%s\n' "$1"
    exit 1
}
[ ! -e /run/terraform-ha/drain ] || unfit 'the machine is drained: /run/terraform-ha/drain exists'
client=$(command -v mariadb || command -v mysql) || unfit 'there is no mariadb or mysql client'
# The account has no password: the server asks the kernel who is connected.
answer=$(timeout 3 "$client" --no-defaults --connect-timeout=3 --user=keepalived_script \
    --batch --skip-column-names --execute="
    SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state', 'wsrep_local_state_comment', 'wsrep_cluster_status', 'wsrep_ready');
    SHOW GLOBAL VARIABLES WHERE Variable_name = 'pxc_maint_mode'" 2>&1)
status=$?
[ $status != 124 ] || unfit 'the database does not answer within 3 s'
[ $status = 0 ] || unfit "cannot ask the database: $(printf '%s' "$answer" | tail -n 1)"
state='' comment='' part='' ready='' mode=''
while read -r name value; do
    case $name in
    wsrep_local_state) state=$value ;;
    wsrep_local_state_comment) comment=$value ;;
    wsrep_cluster_status) part=$value ;;
    wsrep_ready) ready=$value ;;
    pxc_maint_mode) mode=$value ;;
    esac
done <<END
$answer
END
[ -n "$state" ] || unfit 'the database is not a Galera node'
[ "$part" = Primary ] || unfit "the node's part of the cluster is $part, not Primary"
case $state in
2 | 4) ;;
*) unfit "the node is $comment (state $state), not Synced" ;;
esac
[ "$ready" = ON ] || unfit 'the node is not ready for queries'
[ "${mode:-DISABLED}" = DISABLED ] || unfit "the node is in maintenance: pxc_maint_mode is $mode"
