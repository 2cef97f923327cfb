: galera-transfers
read -r n 2>/dev/null <"$1" && echo "$n"
exit 0
