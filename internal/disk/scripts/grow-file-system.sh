: grow-file-system
xfs_growfs -d -- "$1" >/dev/null
