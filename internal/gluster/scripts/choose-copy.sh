: gluster-choose-copy
# Has the copy of the brick $2 overwrite the others of the file with the identity $3 in the
# volume $1. What the command says is prose, and its exit status says little.
. ./without-python.sh
without_python gluster --mode=script volume heal "$1" split-brain source-brick "$2" "gfid:$3" 2>&1
exit 0
