: install-updates
# Installs what is due. Arguments: "security" or "all", the folder of the markers, and units
# that do not start meanwhile, as install-packages keeps them from it.
. ./update-tools.sh
mode=$1 markers=$2
shift 2
[ $# = 0 ] || systemctl mask --runtime --quiet "$@"
install_updates() {
    # What broke off earlier is finished first, as a package that misses its dependencies.
    dpkg --configure -a --force-confdef --force-confold >/dev/null
    apt --fix-broken install >/dev/null || return 1
    list=$(wanted_updates "$mode" "$markers")
    [ -n "$list" ] || return 0
    # shellcheck disable=SC2086 # a word for each package
    refuse_side_effects "$markers" $list || return 1
    # To name a package to apt releases it and takes it for wanted by itself.
    held=$(apt-mark showhold)
    # shellcheck disable=SC2086
    automatic=$(apt-mark showauto $list)
    # shellcheck disable=SC2086
    apt install --only-upgrade -o APT::Keep-Downloaded-Packages=false $list >/dev/null
    s=$?
    # shellcheck disable=SC2086
    [ -z "$held" ] || apt-mark hold $held >/dev/null || [ $s != 0 ] || s=1
    # shellcheck disable=SC2086
    [ -z "$automatic" ] || apt-mark auto $automatic >/dev/null || [ $s != 0 ] || s=1
    return $s
}
install_updates
s=$?
[ $s = 0 ] || little_room >&2
[ $# = 0 ] || systemctl unmask --runtime --quiet "$@"
exit $s
