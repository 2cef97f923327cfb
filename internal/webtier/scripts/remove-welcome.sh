: web-remove-welcome
. ./welcome.sh
remove_welcome /var/www/html
