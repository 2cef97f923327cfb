: galera-cores
read -r cores 2>/dev/null </sys/devices/system/cpu/online && echo "$cores"
exit 0
