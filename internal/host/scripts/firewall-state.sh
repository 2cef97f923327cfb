: firewall-state
# What the kernel lists is compared with what it listed when the files were last
# loaded, which finds every change and needs no reading of nft's language.
tier=$1 table=$2 directory=$3 unit=$4
now=$(nft -s list table inet "$table" 2>/dev/null) && echo loaded
read -r noted 2>/dev/null </run/terraform-ha/filter/"$tier" &&
    [ "$noted" = "$({ cat "$directory/$tier.nft" "$directory/$tier"/*.nft; printf '%s\n' "$now"; } 2>/dev/null | sha256sum)" ] && echo unchanged
systemctl is-enabled --quiet "$unit" 2>/dev/null && echo boot
exit 0
