# refresh_lists has apt fetch the lists of packages, with further options for apt. apt waits for dpkg's lock when it is
# told to and never for that of its lists (apt.conf(5), DPkg::Lock::Timeout), which the
# system's own timer may hold.
locked() { grep -q "POSIX .*:$(stat -c %i /var/lib/apt/lists/lock) " /proc/locks; }
refresh_lists() {
    left=3 n=0
    until apt "$@" update; do
        locked || left=$((left - 1))
        n=$((n + 1))
        [ $left -gt 0 ] && [ $n -lt 200 ] || return 1
        sleep 3
    done
}
