# Debian's Apache puts a page into /var/www/html when it is installed. It is nobody's
# site, and in the way of one that is to lie there. A page that somebody has changed is
# another matter.
welcome=/var/www/html/index.html
is_welcome() { cmp -s -- "$welcome" /usr/share/apache2/default-site/index.html; }
# Prints a file of the directory that is not that page.
filled() {
    case $1 in /var/www | /var/www/html) ;; *) ls -A -- "$1" | head -n 1; return ;; esac
    find "$1" -mindepth 1 ! -path /var/www/html ! -path "$welcome" -print -quit
    [ ! -e "$welcome" ] || is_welcome || echo "$welcome"
}
remove_welcome() {
    is_welcome && rm -f -- "$welcome"
    [ "$1" = /var/www/html ] || rmdir -- /var/www/html 2>/dev/null
    :
}
