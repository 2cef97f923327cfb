: file-states
# Two processes look at all files: a process for each would be most of the work that
# a plan gives to a machine.
n=$#
for f; do [ ! -f "$f" ] || set -- "$@" "$f"; done
shift "$n"
[ $# -gt 0 ] || exit 0
stat -c '0%a %U %G %Y %n' -- "$@"
sha256sum -- "$@"
