: firewall-sources
for f in "$1"/*.nft; do
    [ ! -e "$f" ] || { printf 'owner %s\n' "${f##*/}"; cat -- "$f"; }
done
