: pages-remove
. ./take-away.sh
take_away "$1"
