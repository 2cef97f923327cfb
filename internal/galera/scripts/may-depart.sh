: galera-may-depart
# Fails where fewer than $3 members would be left of the Primary component of the server,
# which the client $1 asks at $2. One that does not answer is missed by nobody.
said=$(timeout 5 "$1" --no-defaults --socket="$2" -N -B -e "
SET SESSION wsrep_sync_wait = 0;
SET SESSION sql_select_limit = 18446744073709551615;
SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status','wsrep_cluster_size')" 2>/dev/null) || exit 0
value() { printf '%s\n' "$said" | sed -n "s/^$1[[:space:]]*//p"; }
[ "$(value wsrep_cluster_status)" = Primary ] || exit 0
size=$(value wsrep_cluster_size)
[ "$size" -gt "$3" ] || {
    echo "the database cluster has $size members, and $3 have to be left without this one; repair the others, and apply again" >&2
    exit 1
}
