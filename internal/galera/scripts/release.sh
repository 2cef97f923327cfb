: galera-release
# What an upgrade depends on, but for what the server says. Arguments: the package whose
# versions are asked for, or nothing, and the data directory. "offered" is a version in the
# lists of packages, "refreshed" when these were refreshed by a program that says so, "tables"
# the version for which the system tables were made.
[ -z "$1" ] || {
    apt-cache madison "$1" | sed -n 's/^[^|]*| *\([^ |]*\) *|.* Packages$/offered \1/p' | sort -u
    stat -c 'refreshed %Y' /var/lib/apt/periodic/update-success-stamp 2>/dev/null
    echo "now $(date +%s)"
}
for f in "$2/mysql_upgrade_info" "$2/mariadb_upgrade_info"; do
    [ ! -e "$f" ] || printf 'tables %s\n' "$(head -c 100 "$f" | tr -d '\000\n')"
done
exit 0
