# Leases lie in a folder that a boot removes. An orderly reboot, which is part of the work of
# the one that holds them, carries them over: the run could renew them only when the machine
# answers again, and another one must not come before.
leases=/run/terraform-ha/leases
carried=/var/lib/terraform-ha/leases

# carry_leases notes the leases that hold. $1 is the name of the boot that ends.
carry_leases() {
    [ -d $leases ] || return 0
    rm -rf $carried
    # shellcheck disable=SC2174 # the folder above is for everybody to see
    mkdir -p -m 0700 $carried
    find $leases -maxdepth 1 -type f ! -name '.*' -mmin -2 -exec cp -- '{}' $carried/ \;
    printf '%s' "$1" >$carried/.boot
}

# restore_leases gives each lease that was carried over its usual term, from the first
# question for one after the boot on. What is older than a reboot takes is nobody's. The
# lock of the leases is held.
restore_leases() {
    [ -e $carried/.boot ] && [ "$(cat $carried/.boot)" != "$(boot_name)" ] || return 0
    find $carried -maxdepth 1 -type f ! -name '.*' -mmin -15 | while read -r file; do
        [ -e "$leases/${file##*/}" ] || cat "$file" >"$leases/${file##*/}"
    done
    rm -rf $carried
}
