: galera-depart
# Takes the history away from the data directory $1 of a node that has left: a server
# without grastate.dat takes all data from the others when it joins, and never adds
# what it has. The files stay, under other names.
set -e
cd -- "$1" 2>/dev/null || exit 0
for f in gvwstate.dat grastate.dat; do
    [ ! -e "$f" ] || mv -fT "$f" "$f.left"
done
sync -f .
