# $1: how the database starts. It ends when it serves as a member.
$1 || exit 1
until [ "$(mariadb -N -B -e "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status', 'wsrep_local_state', 'wsrep_ready')" 2>/dev/null | sort | cut -f2 | tr '\n' ' ')" = 'Primary 4 ON ' ]; do sleep 0.1; done
[ "$1" != galera_new_cluster ] || mariadb -e "CREATE USER keepalived_script@localhost IDENTIFIED VIA unix_socket"
systemctl start keepalived
