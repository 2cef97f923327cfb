: galera-promote
# Makes the component of a server that runs the Primary one, and ends when it serves.
client=$1 socket=$2
sql() { timeout "$1" "$client" --no-defaults --socket="$socket" -N -B -e "$2"; }
state() { sql 3 "SET SESSION wsrep_sync_wait = 0; SET SESSION sql_select_limit = 18446744073709551615; SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status','wsrep_local_state','wsrep_ready')" 2>/dev/null | sort | cut -f2 | tr '\n' ' '; }
case $(state) in
Primary*) ;;
*) sql 30 "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'" >/dev/null || exit 1 ;;
esac
n=0
until [ "$(state)" = "Primary 4 ON " ]; do
    n=$((n + 1))
    [ $n -lt 200 ] || {
        echo "the server is not Synced a minute after pc.bootstrap: $(state)" >&2
        exit 1
    }
    sleep 0.3
done
