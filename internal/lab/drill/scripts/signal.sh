: drill-signal
# Sends signal $2 to the processes of daemon $1. $3 is the document root, which is on the
# volume. A process that is to go on and that has ended meanwhile is no failure.
. ./mount-of.sh
case $1 in
mariadbd) pids=$(pgrep -x 'mariadbd|mysqld') ;;
keepalived) pids=$(pgrep -x keepalived) ;;
glusterd) pids=$(pgrep -x glusterd) ;;
glusterfsd) pids=$(pgrep -x glusterfsd) ;;
glustershd) pids=$(pgrep -f -- '^[^ ]*glusterfs .*--volfile-id shd/') ;;
mount) pids=$(pgrep -n -f -- "^[^ ]*glusterfs .* $(mount_of "$3")\$") ;;
apache) pids=$(pgrep -x apache2) ;;
php-fpm) pids=$(pgrep '^php-fpm') ;;
*) echo "there is no daemon $1" >&2; exit 2 ;;
esac
if [ -z "$pids" ]; then
    [ "$2" = CONT ] && exit 0
    echo "there is no process of $1" >&2
    exit 1
fi
# shellcheck disable=SC2086
kill -s "$2" $pids 2>/dev/null || [ "$2" != STOP ]
