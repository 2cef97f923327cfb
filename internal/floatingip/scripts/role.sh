: keepalived-role
cat -- "/run/terraform-ha/vrrp/$1"
