: galera-start-no-block
systemctl reset-failed "$1" 2>/dev/null
systemctl start --no-block "$1"
