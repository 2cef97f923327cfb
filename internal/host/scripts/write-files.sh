: write-files
set -eu
umask 022
. ./place.sh
