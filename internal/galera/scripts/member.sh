: galera-member
# Ends when the node serves as a member; $1 says how to begin. A unit that is given
# up is stopped: left to itself it would go on asking the donors for state
# transfers. A server that looks after its tables once it has started is given the
# time for it.
verb=$1 unit=$2 client=$3 socket=$4 bootstrap=$5 check=$6 transfers=$7 log=$8 old='' gone=0 most=2
begun=$(date +%s)
. ./words.sh
state() { [ ! -S "$socket" ] || timeout 3 "$client" --no-defaults --socket="$socket" -N -B -e "SET SESSION wsrep_sync_wait = 0; SET SESSION sql_select_limit = 18446744073709551615; SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status','wsrep_local_state','wsrep_ready')" 2>/dev/null | sort | cut -f2 | tr '\n' ' '; }
restarts() { systemctl show -p NRestarts --value "$1"; }
invocation() { systemctl show -p InvocationID --value "$unit"; }
busy() { [ "$(systemctl show -p ActiveState --value "$run")" = activating ]; }
again() {
    [ -z "$bootstrap" ] || systemctl stop "$bootstrap"
    old=$(invocation)
    systemctl restart --no-block "$unit"
}
settle() {
    n=0
    while [ $n -lt 100 ]; do
        [ "$(state)" = "Primary 4 ON " ] && break
        n=$((n + 1))
        sleep 0.3
    done
    [ $n -lt 100 ]
}
run=$unit
[ "$verb" = await ] || rm -f "$transfers"
case $verb in
await) [ -z "$bootstrap" ] || ! systemctl is-active --quiet "$bootstrap" || run=$bootstrap ;;
settle) settle || again ;;
start)
    systemctl reset-failed "$unit" 2>/dev/null
    systemctl is-active --quiet "$unit" || systemctl start --no-block "$unit"
    ;;
restart) again ;;
bootstrap)
    systemctl reset-failed "$unit" 2>/dev/null
    [ ! -e /var/lib/mysql/grastate.dat ] || {
        rm -f /var/lib/mysql/gvwstate.dat
        sed -i 's/^safe_to_bootstrap: 0/safe_to_bootstrap: 1/' /var/lib/mysql/grastate.dat
    }
    if [ -n "$bootstrap" ]; then
        run=$bootstrap
        systemctl stop "$unit"
        systemctl start --no-block "$bootstrap"
    else
        # A start that is repeated bootstraps no more, and hides why the first failed.
        galera_new_cluster || { gone=4 most=0; }
    fi
    ;;
esac
before=$(restarts "$run")
until [ "$(state)" = "Primary 4 ON " ] && { [ -z "$old" ] || [ "$(invocation)" != "$old" ]; }; do
    a=$(systemctl show -p ActiveState --value "$run")
    case $a in
    # systemd may not have got to the job yet.
    failed | inactive) gone=$((gone + 1)) ;;
    *) [ $most = 0 ] || gone=0 ;;
    esac
    if [ $gone -gt 3 ] || [ "$(restarts "$run")" -gt $((before + most)) ]; then
        words "$run" "$begun" "$log"
        systemctl stop --no-block "$run"
        echo "$run is $a; it was given up and is stopped now" >&2
        exit 1
    fi
    sleep 0.3
done
. ./tables-checked.sh
