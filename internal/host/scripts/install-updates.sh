: install-updates
# Installs what is due. Arguments: "security" or "all", "of:NAME,NAME" for what was built from the
# same sources as some packages, or "none" to finish what broke off alone; the folder of the markers; and units that do not start meanwhile, as install-packages keeps
# them from it.
. ./update-tools.sh
mode=$1 markers=$2
shift 2
[ $# = 0 ] || systemctl mask --runtime --quiet "$@"
install_updates() {
    # What broke off earlier is finished first, as a package that misses its dependencies.
    # No package goes for another one: that is an operator's decision.
    dpkg --configure -a --force-confdef --force-confold >/dev/null
    apt --no-remove --fix-broken install >/dev/null || return 1
    list=$(wanted_updates "$mode" "$markers")
    [ -n "$list" ] || return 0
    # shellcheck disable=SC2086 # a word for each package
    refuse_side_effects "$markers" $list || return 1
    # To name a package to apt takes it for wanted by itself.
    # shellcheck disable=SC2086
    automatic=$(apt-mark showauto $list)
    # shellcheck disable=SC2086
    apt --no-remove install --only-upgrade -o APT::Keep-Downloaded-Packages=false $list >/dev/null
    s=$?
    # shellcheck disable=SC2086
    [ -z "$automatic" ] || apt-mark auto $automatic >/dev/null || [ $s != 0 ] || s=1
    return $s
}
# hold_again holds $1, and what the clusters of the machine hold: to name a package to apt
# releases it, and an earlier call that broke off may not have come to this. Something else
# may have dpkg locked.
hold_again() {
    # shellcheck disable=SC2046,SC2086 # a word for each package
    set -- $(printf '%s\n' $1 $(held_by_ours "$markers") | sort -u)
    [ $# -gt 0 ] || return 0
    n=0
    until apt-mark hold "$@" >/dev/null; do
        n=$((n + 1))
        [ $n -lt 100 ] || return 1
        sleep 3
    done
}
held=$(apt-mark showhold)
install_updates
s=$?
hold_again "$held" || [ $s != 0 ] || s=1
[ $s = 0 ] || little_room >&2
[ $# = 0 ] || systemctl unmask --runtime --quiet "$@"
exit $s
