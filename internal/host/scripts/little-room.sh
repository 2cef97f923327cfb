# little_room says where hardly anything is free: what fails then does not always say why.
little_room() {
    df -Pm /usr /var /boot 2>/dev/null | while read -r _ _ _ free _ on; do
        case $free in
        *[!0-9]*) ;;
        *) [ "$free" -ge 300 ] || echo "only $free MiB are free on $on" ;;
        esac
    done | sort -u
}
