: galera-initialize
d=$1
[ -z "$(find "$d/" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name '.*' -print -quit 2>/dev/null)" ] || exit 0
[ -d "$d/" ] || install -d -m 0750 -o mysql -g mysql "$d"
o=$(runuser -u mysql -- sh -ec '
    d=$1 n=$1/.terraform-ha-new; rm -rf "$n" "$n".*; mkdir -m 0750 "$n"
    mysqld --no-defaults --initialize-insecure --datadir="$n"
    printf "%s\n" "INSTALL PLUGIN auth_socket SONAME \"auth_socket.so\";" "ALTER USER root@localhost IDENTIFIED WITH auth_socket;" "SHUTDOWN;" >"$n.sql"
    mysqld --no-defaults --datadir="$n" --skip-networking --mysqlx=OFF --socket="$n.sock" --pid-file="$n.pid" --init-file="$n.sql"
    find "$n" -mindepth 1 -maxdepth 1 ! -name mysql -exec mv -t "$d" {} +
    mv "$n/mysql" "$d/mysql"; rm -rf "$n" "$n".*' sh "$d" 2>&1) && exit 0
printf '%s\n' "$o" | grep -F '[ERROR]' | tail -n 5 >&2
exit 1
