: galera-wsrep
# $3 is a list of more variables that begins with a comma, and $4 another statement.
timeout 5 "$1" --no-defaults --socket="$2" -N -B --force -e "
SET SESSION wsrep_sync_wait = 0;
SET SESSION sql_select_limit = 18446744073709551615;
SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status','wsrep_ready','wsrep_connected','wsrep_local_state','wsrep_local_state_comment','wsrep_cluster_size','wsrep_cluster_conf_id','wsrep_cluster_state_uuid','wsrep_last_committed','wsrep_local_recv_queue','wsrep_flow_control_paused','wsrep_local_cached_downto','wsrep_received_bytes','wsrep_replicated_bytes','Uptime','Ssl_server_not_after');
$4
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on','wsrep_provider','version','lower_case_table_names','wsrep_reject_queries','read_only','super_read_only','offline_mode','pxc_maint_mode'$3);"
