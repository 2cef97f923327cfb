# boot_name prints a name of the time since the machine was booted. All containers of a
# kernel have its boot_id, so the start of the first process is a part of the name.
boot_name() {
    read -r kernel </proc/sys/kernel/random/boot_id
    echo "$kernel-$(start_of 1)"
}

# start_of prints when a process was started, in ticks of the clock since the kernel was
# (proc(5), /proc/pid/stat, field 22).
start_of() {
    read -r status <"/proc/$1/stat" || return 1
    # shellcheck disable=SC2086 # its fields
    set -- ${status##*) }
    echo "${20}"
}
