# exposed says which of some directories are not root's alone; those that do not exist
# yet are not in the way.
exposed() {
    stat -c '%u %A %U %n' -- "$@" 2>/dev/null | while read -r uid mode owner name; do
        case "$uid $mode" in
        '0 d'????-??-*) ;;
        *' d'*) echo "$name belongs to $owner with mode $mode, so others than root may write there" ;;
        *' l'*) echo "$name is a symbolic link" ;;
        *) echo "$name is not a directory" ;;
        esac
    done
}
