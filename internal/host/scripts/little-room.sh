# little_room says where hardly anything is free: what fails then does not always say why.
little_room() {
    df -Pm /usr /var /boot 2>/dev/null | while read -r _ _ _ free _ on; do
        case $free in
        *[!0-9]*) ;;
        *) [ "$free" -ge 300 ] || echo "only $free MiB are free on $on" ;;
        esac
    done | sort -u
}

# room_for_kernel fails if a kernel is among the packages and /boot, where it has a file
# system of its own, has no room for one. Kernels have a package for each of theirs, which
# stays when the next one comes.
room_for_kernel() {
    case " $* " in *" linux-image-"*) ;; *) return 0 ;; esac
    mountpoint -q /boot || return 0
    free=$(df -Pm /boot | awk 'NR == 2 { print $4 }')
    [ "$free" -lt 200 ] || return 0
    echo "only $free MiB are free on /boot, and a kernel takes up to 200: remove kernels that are not needed (apt-get autoremove --purge)" >&2
    return 1
}
