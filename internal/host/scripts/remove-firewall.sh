: remove-firewall
# Takes an owner's packet filter from the machine, and with the last one of a tier its
# table, and with the last one of the machine what loads them.
set -eu
umask 022
tier=$1 owner=$2 table=$3 all=$4 program=$5 unit=$6
mkdir -p /run/terraform-ha/filter
exec 9>/run/terraform-ha/filter/.changing
flock 9
rm -f -- "$owner"
[ -d "$all" ] || exit 0
if [ -d "$all/$tier" ] && ! rmdir -- "$all/$tier" 2>/dev/null; then exec "$program"; fi
rm -f -- "$all/$tier.nft" "/run/terraform-ha/filter/$tier"
! nft list table inet "$table" >/dev/null 2>&1 || nft delete table inet "$table"
rmdir -- "$all" 2>/dev/null || exit 0
systemctl disable --quiet "$unit" 2>/dev/null || true
rm -f -- "$program" "/etc/systemd/system/$unit" /etc/systemd/system/nftables.service.d/terraform-ha.conf
rmdir /etc/systemd/system/nftables.service.d "${program%/*}" "${all%/*}" 2>/dev/null || true
systemctl daemon-reload
