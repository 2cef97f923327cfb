#!/bin/sh
# Managed by terraform-provider-ha; changes are reverted.
# Loads the packet filters that lie in /etc/terraform-ha/filter, and notes what is
# loaded, so that a change of it can be told.
umask 022
mkdir -p /run/terraform-ha/filter
exec 8>/run/terraform-ha/filter/.loading; flock 8
s=0
for base in /etc/terraform-ha/filter/*.nft; do
    [ -e "$base" ] || continue
    tier=${base##*/} tier=${tier%.nft}
    # Keeps the table that is loaded if it cannot load the new one.
    nft -f "$base" || { echo "cannot load $base" >&2; s=1; continue; }
    now=$(nft -s list table inet "terraform_ha_$tier") || { s=1; continue; }
    { cat "$base" /etc/terraform-ha/filter/"$tier"/*.nft; printf '%s\n' "$now"; } 2>/dev/null | sha256sum >"/run/terraform-ha/filter/$tier"
done
exit $s
