: keepalived-main
# A file of comments only is what a package or a person left empty.
[ -e "$1" ] || { echo nobody; exit 0; }
awk 'NR == 1 && /^# Managed by terraform-provider-ha / { ours = 1 }
/^[ \t]*[^#! \t]/ { used = 1 }
END { print used ? ours ? "ours" : "foreign" : "nobody" }' "$1"
