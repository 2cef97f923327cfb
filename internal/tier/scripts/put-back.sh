: tier-put-back
# Arguments: the record and the program that moves addresses. What a drain has told Keepalived
# before the checks had failed is taken back at once, because the checks pass again.
rm -f -- "$1" || exit
[ ! -x "$2" ] || "$2" drained >/dev/null 2>&1 || :
