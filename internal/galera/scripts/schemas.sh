: galera-schemas
c=$1 s=$2 session=$3
shift 3
{
    printf '%s' "$session"
    for q; do printf '%s;\n' "$q"; done
} | timeout 5 "$c" --no-defaults --socket="$s" --default-character-set=utf8mb4 -N -B --force
