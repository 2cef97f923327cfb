: galera-member
# Ends when the node serves as a member; $1 says how to begin. A unit that is given
# up is stopped: left to itself it would go on asking the donors for state
# transfers. A server that looks after its tables once it has started is given the
# time for it. Where the configuration of before is kept in ${10}, what lies in $9 has
# still to prove itself, and is put aside for it if the unit is given up: the status is
# then 4 if the node serves, and 5 if not.
verb=$1 unit=$2 client=$3 socket=$4 bootstrap=$5 check=$6 transfers=$7 log=$8 config=$9 kept=${10} old='' trial='' gone=0 most=2
begun=$(date +%s)
. ./words.sh
state() { [ ! -S "$socket" ] || timeout 3 "$client" --no-defaults --socket="$socket" -N -B -e "SET SESSION wsrep_sync_wait = 0; SET SESSION sql_select_limit = 18446744073709551615; SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status','wsrep_local_state','wsrep_ready')" 2>/dev/null | sort | cut -f2 | tr '\n' ' '; }
restarts() { systemctl show -p NRestarts --value "$1"; }
invocation() { systemctl show -p InvocationID --value "$unit"; }
active() { systemctl show -p ActiveState --value "$run"; }
busy() { [ "$(active)" = activating ]; }
# The programs of a state transfer. This script has their name in its own arguments.
transferring() { pgrep -f '^[^ ]*sh (-[a-z]+ )*[^ ]*wsrep_sst_' >/dev/null; }
unproved() { [ -n "$trial" ] && [ -e "$kept" ]; }
# A member whose configuration was changed since has proved nothing.
started_with_it() { [ "$(stat -c %Y -- "$config")" -le "$(date -d "$(TZ=UTC systemctl show -p ExecMainStartTimestamp --value "$run")" +%s)" ]; }
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
# Fails where the unit is to be given up. One that runs outside of the Primary
# component has two minutes where another configuration is known to do better: what
# it misses has to stay in the write-set caches of the others.
member() {
    before=$(restarts "$run") outside=''
    until s=$(state) && [ "$s" = "Primary 4 ON " ] && { [ -z "$old" ] || [ "$(invocation)" != "$old" ]; }; do
        a=$(active) give=''
        case $a in
        # systemd may not have got to the job yet.
        failed | inactive) gone=$((gone + 1)) ;;
        *) [ $most = 0 ] || gone=0 ;;
        esac
        case $a,$s in
        active,Primary*) outside='' ;;
        active,*)
            : "${outside:=$(date +%s)}"
            ! unproved || [ $(($(date +%s) - outside)) -lt 120 ] || give=yes
            ;;
        *) outside='' ;;
        esac
        if [ $gone -gt 3 ] || [ "$(restarts "$run")" -gt $((before + most)) ]; then give=yes; fi
        [ -z "$give" ] || { unproved && transferring; } || return 1
        sleep 0.3
    done
}
# Ends the unit for the other configuration. A server that has seen no Primary
# component does not end when it is asked to, and one that answers writes back what
# it has to.
ended() {
    systemctl stop --no-block "$run"
    n=0
    until case $(active) in inactive | failed) true ;; *) false ;; esac do
        n=$((n + 1))
        [ $n -ne 100 ] || [ -n "$(state)" ] || systemctl kill -s KILL -- "$run"
        [ $n -lt 6000 ] || return 1
        sleep 0.3
    done
}
put_back() {
    # It comes to its end also where nobody is there any more who asked for it.
    trap '' HUP PIPE TERM
    said=$(words "$run" "$begun" "$log" 2>&1)
    if ! ended || ! rm -f -- "$kept.new" || ! ln -- "$kept" "$kept.new" || ! mv -fT -- "$kept.new" "$config"; then
        printf '%s\n%s\n' "$said" "$kept could not be put in the place of $config" >&2
        exit 1
    fi
    begun=$(date +%s) old='' trial='' gone=0 most=2
    systemctl reset-failed "$run" 2>/dev/null
    systemctl start --no-block "$run"
    trap - HUP TERM
    back=4
    member || {
        back=5
        echo "with the previous configuration:"
        words "$run" "$begun" "$log" 2>&1 | head -c 180
        systemctl stop --no-block "$run"
        printf '\nwith the new one:\n'
    } >&2
    rm -f -- "$kept"
    printf '%s\n' "$said" | head -c 350 >&2
    exit $back
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
if [ -e "$kept" ] && [ "$verb" != bootstrap ] && [ "$run" = "$unit" ]; then trial=yes most=1; fi
member || {
    # Another call for the same node, whose connection broke, may be about to put it back.
    mkdir -p /run/terraform-ha
    exec 9>>/run/terraform-ha/galera-member.lock
    flock 9
    ! unproved || cmp -s "$kept" "$config" || put_back
    a=$(active)
    words "$run" "$begun" "$log"
    if [ -n "$trial" ] && ! unproved; then
        echo "another call has put the previous configuration back" >&2
        [ "$(state)" = "Primary 4 ON " ] && exit 4
        exit 5
    fi
    [ -z "$trial" ] || rm -f -- "$kept"
    systemctl stop --no-block "$run"
    echo "$run is $a; it was given up and is stopped now" >&2
    exit 1
}
if [ -e "$kept" ] && started_with_it; then rm -f -- "$kept"; fi
. ./tables-checked.sh
