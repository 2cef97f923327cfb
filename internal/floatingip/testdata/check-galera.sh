#!/bin/sh
# Managed by terraform-provider-ha (floating-ip db); changes are reverted.
# Exits with 0 if this machine may hold 10.0.0.100; else says why not.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unfit() {
    printf '%s\n' "$1"
    exit 1
}
[ ! -e /run/terraform-ha/drain ] || unfit 'the machine is drained: /run/terraform-ha/drain exists'
for record in /var/lib/terraform-ha/*.maintenance; do
    case $record in
    /var/lib/terraform-ha/floating-ip-db.maintenance) ;;
    /var/lib/terraform-ha/floating-ip-*.maintenance) continue ;;
    esac
    [ ! -e "$record" ] || unfit "the machine is in maintenance: $record exists"
done
client=$(command -v mariadb || command -v mysql) || unfit 'there is no mariadb or mysql client'
# The account has no password: the server asks the kernel who is connected. A node
# that refuses every query answers SHOW all the same, and also a query without a
# table (MariaDB 10.11), so it is asked for the variable too. Nothing here waits for
# the other nodes.
ask() {
    timeout "$1" "$client" --no-defaults --connect-timeout=5 --user=keepalived_script \
        --batch --skip-column-names --execute="
    SET SESSION wsrep_sync_wait = 0;
    SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state', 'wsrep_local_state_comment', 'wsrep_cluster_status', 'wsrep_cluster_size', 'wsrep_ready');
    SHOW GLOBAL VARIABLES WHERE Variable_name IN ('pxc_maint_mode', 'wsrep_desync', 'wsrep_sst_method', 'wsrep_reject_queries', 'wsrep_sst_donor_rejects_queries', 'read_only', 'super_read_only');
    SELECT 'query', 1" 2>&1
}
# starved says that the server would work if it had CPU time: more than four processes wait for
# each CPU, and a thread of the server is one of them (proc_pid_stat(5), state R). The threads
# of one that hangs sleep, wait for a disk or are stopped.
starved() {
    read -r _ _ _ processes _ </proc/loadavg
    [ "${processes%/*}" -gt $((4 * $(nproc))) ] || return 1
    for server in $(pidof mariadbd mysqld); do
        ! grep -q ') R ' /proc/"$server"/task/*/stat 2>/dev/null || return 0
    done
    return 1
}
limit=0.9
answer=$(ask $limit)
status=$?
if [ $status = 124 ] && starved; then
    limit=4.9
    answer=$(ask $limit)
    status=$?
fi
[ $status != 124 ] || unfit "the database does not answer within $limit s"
state='' comment='' part='' size='' ready='' mode='' desync='' method='' read_only='' super='' rejects='' donor_rejects='' query='' error='' words=''
while read -r name value rest; do
    case $name in
    wsrep_local_state) state=$value ;;
    wsrep_local_state_comment) comment=$value ;;
    wsrep_cluster_status) part=$value ;;
    wsrep_cluster_size) size=$value ;;
    wsrep_ready) ready=$value ;;
    pxc_maint_mode) mode=$value ;;
    wsrep_desync) desync=$value ;;
    wsrep_sst_method) method=$value ;;
    wsrep_reject_queries) rejects=$value ;;
    wsrep_sst_donor_rejects_queries) donor_rejects=$value ;;
    read_only) read_only=$value ;;
    super_read_only) super=$value ;;
    query) query=$value ;;
    ERROR) error=$value words=$rest ;;
    esac
done <<END
$answer
END
# ER_CON_COUNT_ERROR, which only a server that serves says: it is full, also in the
# place that it keeps for administrators. Another node would be full next.
[ "$error" != 1040 ] || exit 0
[ $status = 0 ] || [ -n "$state" ] || unfit "cannot ask the database: $(printf '%s' "$answer" | tail -n 1)"
[ -n "$state" ] || unfit 'the database is not a Galera node'
[ "$part" = Primary ] || unfit "the node's part of the cluster is $part, not Primary"
case $state in
4) ;;
2)
    # A donor serves while a backup program reads its files. Other methods block
    # it, and then it is fit where the only other node is the one that joins.
    [ "${donor_rejects:-OFF}" = OFF ] || unfit "the donor refuses queries: wsrep_sst_donor_rejects_queries is ON"
    [ "$desync" != ON ] || unfit 'the node was taken out of step: wsrep_desync is ON'
    case $method in
    mariabackup | xtrabackup*) ;;
    *) [ "${size:-0}" -le 2 ] || unfit "the node is the donor of a state transfer that blocks it: wsrep_sst_method is $method" ;;
    esac
    ;;
*) unfit "the node is $comment (state $state), neither Synced nor a donor" ;;
esac
[ "$ready" = ON ] || unfit 'the node is not ready for queries'
[ "${mode:-DISABLED}" = DISABLED ] || unfit "the node is in maintenance: pxc_maint_mode is $mode"
[ "${rejects:-NONE}" = NONE ] || unfit "the node refuses queries: wsrep_reject_queries is $rejects"
[ -n "$query" ] || unfit "the node refuses queries: error $error $words"
[ "${read_only:-OFF}${super:-OFF}" = OFFOFF ] || unfit 'the node takes no writes: read_only or super_read_only is ON'
