# zero reports whether the block of 1 MiB with the given number is full of zeros.
zero() { dd if="$1" bs=1M count=1 skip="$2" 2>/dev/null | cmp -s -n 1048576 - /dev/zero; }
# blank reports whether nothing was ever written to a device. blkid ends with 2 where
# it finds nothing, and with 8 where it cannot decide between findings (blkid(8),
# "Exit status"); wipefs also knows what is no file system. What neither knows may
# still be somebody's, so both ends have to be zero.
blank() {
    s=0
    blkid -p -- "$1" >/dev/null 2>&1 || s=$?
    [ $s = 2 ] && w=$(wipefs -n --noheadings -- "$1") && [ -z "$w" ] &&
        b=$(blockdev --getsize64 "$1") && [ "$b" -ge 2097152 ] && zero "$1" 0 && zero "$1" $((b / 1048576 - 1))
}
# number prints a device's number as the kernel lists it.
number() { printf '%d:%d' "0x$(stat -c %t -- "$1")" "0x$(stat -c %T -- "$1")"; }
