: gluster-copies
# Prints what the brick $1 has of each of the other arguments, the identities of files: the
# identity, what it is, its size, and the time of its last change. A directory is a symbolic
# link among the identities, everything else is another name of the file itself.
cd "$1/.glusterfs" || exit 1
shift
for g; do
    rest=${g#??}
    f=${g%"$rest"}/${rest%"${rest#??}"}/$g
    if [ -L "$f" ] && [ -d "$f" ]; then
        stat -L -c "$g directory %s %.9Y" -- "$f"
    elif [ -f "$f" ] && [ ! -L "$f" ]; then
        stat -c "$g file %s %.9Y" -- "$f"
    elif [ -e "$f" ] || [ -L "$f" ]; then
        stat -c "$g other %s %.9Y" -- "$f"
    fi
done
