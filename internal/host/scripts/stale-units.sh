# stale_units prints the services, the mounts whose file system is a process, and systemd,
# that run with files which an update has replaced. What was started after the last update,
# and runs with such files all the same, does so for another reason, which neither a restart
# nor a reboot would change: mdmon of an initramfs, whose files are gone, or a program that
# replaces its own. dpkg writes the list of a package's files anew with each version.
stale_units() {
    updated=$(stat -c %Y /var/lib/dpkg/info/*.list | sort -n | tail -n 1)
    booted=$(sed -n 's/^btime //p' /proc/stat)
    hertz=$(getconf CLK_TCK)
    top=$(group_of 1)
    top=${top%/init.scope}
    processes=$(readlink /proc/1/ns/pid)
    grep -lsE ' r.x. .* /(usr/)?(s?bin|lib[^/]*)/.* \(deleted\)$' /proc/[0-9]*/maps | while read -r maps; do
        pid=${maps#/proc/}
        pid=${pid%/maps}
        # The guests of the machine have files and updates of their own.
        [ "$(readlink "/proc/$pid/ns/pid")" = "$processes" ] || continue
        started=$(start_of "$pid") && [ $((booted + started / hertz - 1)) -le "${updated:-0}" ] || continue
        if [ "$pid" = 1 ]; then
            echo systemd
            continue
        fi
        group=$(group_of "$pid")
        case $group in "$top"/system.slice/*) group=${group#"$top"/system.slice/} ;; *) continue ;; esac
        # A service may have slices above it and groups of its own below.
        unit=${group%%/*}
        while [ "${unit%.slice}" != "$unit" ] && [ "$unit" != "$group" ]; do
            group=${group#*/}
            unit=${group%%/*}
        done
        # The name of a mount can have backslashes.
        case $unit in *.service | *.mount) printf '%s\n' "$unit" ;; esac
    done
}

# group_of prints the control group of a process in the hierarchy of systemd (cgroups(7),
# /proc/pid/cgroup).
group_of() {
    group=$(sed -n 's/^[0-9]*:name=systemd://p' "/proc/$1/cgroup" 2>/dev/null)
    [ -n "$group" ] || group=$(sed -n 's/^0:://p' "/proc/$1/cgroup" 2>/dev/null)
    printf '%s\n' "$group"
}
