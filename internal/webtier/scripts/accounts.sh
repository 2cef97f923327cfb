: web-accounts
cut -d: -f1,3,4 /etc/passwd
