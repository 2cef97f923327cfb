: galera-release
# What an upgrade depends on. Arguments: the package whose versions are asked for, or
# nothing; the client, its socket and the data directory. "offered" is a version in the
# lists of packages, "refreshed" when these were refreshed by a program that says so, "tables"
# the version for which the system tables were made.
[ -z "$1" ] || {
    apt-cache madison "$1" | sed -n 's/^[^|]*| *\([^ |]*\) *|.* Packages$/offered \1/p' | sort -u
    stat -c 'refreshed %Y' /var/lib/apt/periodic/update-success-stamp 2>/dev/null
    echo "now $(date +%s)"
}
for f in "$4/mysql_upgrade_info" "$4/mariadb_upgrade_info"; do
    [ ! -e "$f" ] || printf 'tables %s\n' "$(head -c 100 "$f" | tr -d '\000\n')"
done
timeout 5 "$2" --no-defaults --socket="$3" -N -B -e "
SET SESSION wsrep_sync_wait = 0;
SET SESSION sql_select_limit = 18446744073709551615;
SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_cached_downto','wsrep_received_bytes','wsrep_replicated_bytes','Uptime');" 2>/dev/null
exit 0
