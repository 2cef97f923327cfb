: galera-await-checks
run=$1 check=$2
busy() { [ "$(systemctl show -p SubState --value "$run")" = start-post ]; }
. ./tables-checked.sh
