: galera-sql
# What the server says near a fault in the syntax may be the hash of a password. In
# binary mode the client takes nothing but SQL, and that as it is.
o=$("$1" --no-defaults --socket="$2" --default-character-set=utf8mb4 --binary-mode 2>&1 >/dev/null) && exit 0
printf '%s\n' "$o" | sed -n "s/ near '.*//; /^ERROR/{p;q}" >&2
exit 1
