: apply-firewall
set -eu
umask 022
mkdir -p /run/terraform-ha/filter
exec 9>/run/terraform-ha/filter/.changing
flock 9
. ./place.sh
systemctl unmask --quiet "$2" 2>/dev/null || true
systemctl enable --quiet "$2"
exec "$1"
