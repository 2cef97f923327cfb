: gluster-pool
# One program for both commands: to start it is most of what either costs. While it
# reads commands it waits for a glusterd that is not there, so that is asked first.
. ./without-python.sh
kill -0 "$(cat /var/run/glusterd.pid)" || {
    echo 'glusterd is not running'
    exit 1
}
printf 'peer status\nvolume info\n' | without_python timeout 20 gluster --mode=script --xml
