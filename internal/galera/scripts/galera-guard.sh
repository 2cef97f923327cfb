#!/bin/sh
# Managed by terraform-provider-ha; changes are reverted.
#
# Galera forms the last Primary component again when exactly the nodes that were
# in it are there. A node that was down or cut off before is one too many, and
# none of them ever gets to the end of its start. So nodes tell each other which
# view they remember, and one that was not in the last view stays away until the
# others serve. Nothing here bootstraps or changes data: all it does is to wait before
# a start, and to end a server that serves nobody, or to start it again.
#
# A node that stood still for a while and then goes on may give its membership up
# ("exception from gcomm, backend must be restarted", after evs.max_install_timeouts).
# Its server runs on without a cluster, for ever: only a start brings it back, and only
# while others serve, because Galera has removed its view. One whose data differs from
# the others' is left to a person; Galera takes the UUID from its grastate.dat. So is one
# that somebody has disconnected, or that is in maintenance.
#
# A recovery may have gone on without the data of some nodes. The others have a
# record with a higher number then. One that was left behind may have commits of its
# own under the same UUID, which Galera takes for the others' once those have passed
# its position. So it stays away until its data is set aside. A node that has left the
# cluster has its data without the history of it: a server would take that for nothing, and
# a state transfer would replace it. It stays away until then, too.
#
#   tell   prints what this node remembers, for whoever asks
#   wait   ends when a start of the server can lead anywhere
#   watch  ends a server that keeps the last view from forming, and starts one again
#          that has given its membership up
verb=$1 cluster=$2 unit=$3 client=$4 nodes=$5 port=$6
shift 6 # the addresses of the other nodes
: "${arbitrator:=}" "${data:=/var/lib/mysql}" "${socket:=/run/mysqld/mysqld.sock}" "${record:=/var/lib/terraform-ha/galera-$cluster.recovery}" "${maintenance:=/var/lib/terraform-ha/galera-$cluster.maintenance}" "${aside:=/var/lib/terraform-ha/galera-$cluster.aside}"

# remembered prints the number of members of the last view and the view itself.
remembered() {
view=$(sed -n 's/^view_id: *//p' "$data/gvwstate.dat" 2>/dev/null)
[ -z "$view" ] || {
members=$(grep -c '^member:' "$data/gvwstate.dat")
# An arbitrator stays alone when the last member has stopped, and nothing forms of it.
[ "$arbitrator$members" = yes1 ] || echo "$members $view"
}
}

# attempt prints the number of the recovery that the data of this node is of.
attempt() { n=$(sed -n 's/^attempt \([0-9][0-9]*\)$/\1/p' "$record" 2>/dev/null | head -n 1); echo "${n:-0}"; }

has_data() { grep '^uuid: ' "$data/grastate.dat" 2>/dev/null | grep -qv ' 00000000-0000-0000-0000-000000000000'; }

# is_kept says that the data is to be set aside before a server may replace it, or is just
# being set aside.
is_kept() { [ -s "$aside" ] || [ -e "$data/grastate.dat.left" ] && [ ! -e "$data/grastate.dat" ]; }

ask() { [ -S "$socket" ] && timeout 3 "$client" --no-defaults --socket="$socket" -N -B -e "$1" 2>/dev/null; }

serves() { [ "$(ask "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_status'" | cut -f2)" = Primary ]; }

gave_up() {
[ ! -e "$maintenance" ] && has_data &&
[ "$(ask "SELECT @@GLOBAL.wsrep_cluster_address <> '' AND @@GLOBAL.wsrep_provider <> 'none'; SHOW GLOBAL STATUS LIKE 'wsrep_connected'" | tr '\t' '\n' | tr '\n' ' ')" = '1 wsrep_connected OFF ' ]
}

tell() {
echo "cluster $cluster"
[ "$(attempt)" = 0 ] || echo "attempt $(attempt)"
[ -z "$arbitrator" ] || echo arbitrator
remembered | sed 's/^/view /'
! serves || echo primary
}

# look asks the other nodes. It leaves how many answered in $heard, and in $seen
# that the data of this node is "kept" until it is set aside, that it was left "behind" by a
# recovery, that one of the others serves, or
# else what is to be made of the views: "mine" and "other" is the one view that is
# complete and later than all that others remember, "several" that more than one is
# complete. "rival" is that one serves which a recovery left behind.
look() {
! is_kept || { seen=kept; return 0; }
heard=1 seen='' rival='' views=$(remembered) own=$(attempt) latest=$(cat "$record.behind" 2>/dev/null)
mine=$views
: "${latest:=0}"
for peer; do
said=$(timeout 5 socat -u "TCP:$peer:$port,connect-timeout=2" - 2>/dev/null | head -c 1000)
case $said in "cluster $cluster" | "cluster $cluster
"*) heard=$((heard+1)) ;; *) continue ;; esac
theirs=$(printf '%s\n' "$said" | sed -n 's/^attempt \([0-9][0-9]*\)$/\1/p' | head -n 1)
: "${theirs:=0}"
if [ "$theirs" -lt "$own" ]; then
case $said in *"
arbitrator"*) ;; # It has no data that could be of an older one.
*"
primary"*) rival=yes; continue ;;
*) continue ;;
esac
fi
[ "$theirs" -le "$latest" ] || latest=$theirs
case $said in *"
primary"*) seen=primary ;; esac
views="$views
$(printf '%s\n' "$said" | sed -n 's/^view //p')"
done
if [ "$latest" -gt "$own" ] && has_data; then
seen=behind
echo "$latest" >"$record.behind"
return 0
fi
[ -z "$seen" ] || return 0
[ -z "$rival" ] || { seen=rival; return 0; }
seen=$(printf '%s\n' "$views" | awk -v mine="$mine" '
NF == 4 { n[$0]++; size[$0] = $1; seqno[$0] = $4 }
END {
for (v in n) if (n[v] == size[v]) { complete++; last = v }
for (v in n) if (v != last && seqno[v] + 0 >= seqno[last] + 0) later = 1
if (complete > 1) print "several"
else if (complete == 0 || later) print "none"
else if (last == mine) print "mine"
else print "other"
}')
}

say() { [ "$1" = "$told" ] || echo "$1"; told=$1; }

case $verb in
tell) tell ;;
wait)
# Somebody bootstraps the node by hand.
[ -z "$_WSREP_NEW_CLUSTER" ] || exit 0
n=0
while :; do
look "$@"
members=${mine%% *}
case $seen in
primary) exit 0 ;;
kept) say "the cluster went on without the data of this node, which is to be kept; waiting until terraform apply has set it aside" ;;
behind) say "a recovery of the cluster went on without the data of this node; waiting until terraform apply sets it aside" ;;
rival) say "a node serves that a recovery of the cluster left behind, and a person has to decide between them" ;;
several) say "two parts of the cluster remember a Primary component of their own, and a person has to decide between them" ;;
other) say "not in the last Primary component; waiting for the nodes that were" ;;
*)
# What most nodes were in has no rival. Otherwise one may not have answered yet.
if [ "$seen" = mine ]; then
[ $((2 * members)) -le "$nodes" ] && [ "$heard" -lt "$nodes" ] || exit 0
fi
say "waiting for the other nodes: $heard of $nodes answer, and none of them serves"
n=$((n+1))
[ $n -lt 60 ] || exit 0
;;
esac
sleep 1
done ;;
watch)
bad=0 before=''
while sleep "${pause:-5}"; do
pause=5
eval "$(systemctl show -p MainPID -p ActiveState -- "$unit" | grep -E '^(MainPID=[0-9]+|ActiveState=[a-z]+)$')"
# shellcheck disable=SC2154 # eval sets it
case $ActiveState in active | activating) ;; *) MainPID=0 ;; esac
if [ "${MainPID:-0}" = 0 ]; then bad=0; continue; fi
if serves; then bad=0 pause=15; continue; fi
look "$@"
case $seen in
other) why="it was not in the last Primary component and keeps the others from forming it again" ;;
behind) why="a recovery of the cluster went on without its data" ;;
primary)
gave_up || { bad=0; continue; }
why="it has given its membership up and is connected to no cluster" ;;
*) bad=0; continue ;;
esac
# Twice, because a view is saved a moment later on one node than on another.
[ "$why" = "$before" ] || bad=0
before=$why bad=$((bad+1))
[ $bad -ge 2 ] || continue
bad=0
if [ "$seen" = primary ]; then
echo "restarting $unit: $why"
# A stop that somebody has begun meanwhile goes before.
systemctl --no-block --job-mode=fail try-restart -- "$unit"
else
echo "ending $unit: $why"
systemctl kill -s KILL -- "$unit"
fi
done ;;
esac
