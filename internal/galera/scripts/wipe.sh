: galera-wipe
# With the slash find looks into a directory that is a symbolic link.
set -e
d=$1
[ ! -d "$d" ] || find "$d/" -mindepth 1 -delete
! command -v "$2" >/dev/null || "$2" --user=mysql --datadir="$d" --skip-test-db >/dev/null 2>&1
[ ! -d "$d" ] || [ -z "$(find "$d/" -name grastate.dat)" ]
