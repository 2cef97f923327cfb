# boot_name prints a name of the time since the machine was booted. All containers of a
# kernel have its boot_id, so the start of the first process is a part of the name
# (proc(5), /proc/pid/stat, field 22).
boot_name() {
    read -r kernel </proc/sys/kernel/random/boot_id
    read -r status </proc/1/stat
    # shellcheck disable=SC2086 # its fields
    set -- ${status##*) }
    echo "$kernel-${20}"
}
