: galera-accounts
# The client goes on after a query that fails: SHOW GRANTS does for an account that
# is missing. $4 takes the hashes of passwords out of the answers.
c=$1 s=$2 session=$3 hashes=$4
shift 4
{
    printf '%s' "$session"
    while [ $# -gt 0 ]; do
        printf 'SELECT %s;\n%s;\n' "$1" "$2"
        shift 2
    done
} | timeout 5 "$c" --no-defaults --socket="$s" --default-character-set=utf8mb4 -N -B --force |
    sed "$hashes"
