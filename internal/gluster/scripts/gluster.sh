: gluster
. ./without-python.sh
without_python gluster --mode=script --xml "$@"
