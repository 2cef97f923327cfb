: tier-held
. ./held-addresses.sh
held_addresses "$1"
exit 0
