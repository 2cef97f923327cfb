: data-disk
# Prints what there is to know of a device and its directory, a word and a value a line.
. ./blank.sh
device=$1 directory=$2 number=
if d=$(readlink -e -- "$device") && [ -b "$d" ]; then
    number=$(number "$d")
    printf 'device %s\nbytes %s\n' "$d" "$(blockdev --getsize64 "$d")"
fi
awk -v n="$number" -v p="$directory" '
    n != "" && $3 == n { print "mounted " $5 }
    $5 == p { at = $3 }
    END { if (at != "" && at != n) print "occupied yes"; if (at != "" && at == n) exit 3 }' /proc/self/mountinfo
[ $? != 3 ] || xfs_info -- "$directory" 2>/dev/null | sed -n 's/^data *= *bsize=\([0-9]*\) *blocks=\([0-9]*\),.*/geometry \1 \2/p'
[ -n "$(ls -A -- "$directory" 2>/dev/null)" ] || echo 'empty yes'
! command -v xfs_growfs >/dev/null || ! command -v mkfs.xfs >/dev/null || echo 'tools yes'
[ -n "$number" ] || exit 0
blkid -p -o export -- "$d" | sed -n 's/^UUID=/uuid /p; s/^LABEL=/label /p; s/^PTTYPE=/signature partition table /p'
wipefs -n --noheadings -O TYPE -- "$d" | sed 's/^ */signature /'
for f in "/sys/dev/block/$number/holders"/*; do
    [ ! -e "$f" ] || echo "held ${f##*/}"
done
for f in "/sys/dev/block/$number"/*/partition; do
    [ ! -e "$f" ] || { f=${f%/partition}; echo "signature partition ${f##*/}"; }
done
! blank "$d" || echo 'blank yes'
