: keepalived-user
id -u "$1"
