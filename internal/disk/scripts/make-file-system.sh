: make-file-system
# Looks once more whether the device is blank. Nothing forces mkfs, which looks for
# signatures itself. Blocks of a blank device need not be discarded.
. ./blank.sh
d=$(readlink -e -- "$1") && [ -b "$d" ] || { echo "there is no such device any more" >&2; exit 1; }
! grep -q " $(number "$d") " /proc/self/mountinfo || { echo "it is mounted now" >&2; exit 1; }
blank "$d" || { echo "it is not blank any more" >&2; exit 1; }
mkfs.xfs -q -K -m uuid="$2" -L "$3" -- "$d" && sync
