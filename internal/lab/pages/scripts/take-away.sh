enabled=/etc/apache2/sites-enabled/zz-pages.conf
take_away() {
    [ ! -e "$enabled" ] || { rm -f "$enabled"; systemctl reload apache2; }
    rm -rf "$1"
}
