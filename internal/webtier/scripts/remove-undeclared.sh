: web-remove-undeclared
version=$1; units=$2; shift 2
while [ "$units" -gt 0 ]; do
    systemctl disable --quiet --now -- "$1" || exit 1
    units=$((units - 1)); shift
done
www=/etc/php/$version/fpm/pool.d/www.conf
[ -z "$version" ] || [ ! -e "$www.terraform-ha-off" ] || mv -f -- "$www.terraform-ha-off" "$www" || exit 1
rm -f -- "$@" || exit 1
for f; do case $f in */terraform-ha.conf) rmdir -- "${f%/*}" 2>/dev/null ;; esac; done
systemctl daemon-reload
