: galera-password-versions
cat -- "$1" 2>/dev/null
exit 0
