: pages-place
# Serves a copy of WordPress from a directory of the local disk, under a name of its own
# beside the site. $1 is the document root, $2 the directory, $3 the name.
set -e
root=$1 local=$2 name=$3
. ./take-away.sh
take_away "$local"
mkdir -p "$local/settings"
cp -a "$root" "$local/site"
settings=$(sed -n "s/^require '\(.*\)';\$/\1/p" "$root/wp-config.php")
cp -a "$settings" "${settings%/*}/salts.php" "$local/settings/"
# Whoever asks for another name than the site's is sent there.
sed "s|^require '.*';\$|require '$local/settings/${settings##*/}'; \$_SERVER['HTTP_HOST'] = parse_url(WP_HOME, PHP_URL_HOST);|" "$root/wp-config.php" >"$local/site/wp-config.php"
set -- /etc/apache2/sites-enabled/terraform-ha-*.conf
[ $# = 1 ]
{
    # The same server for another name, and an answer that says which one it was.
    sed "/^ *Server\(Name\|Alias\) /d; s|\"$root\"|\"$local/site\"|; s|^<VirtualHost .*|&\n    ServerName $name\n    Header always set X-Files local|" "$1"
} >"$enabled"
apachectl configtest 2>&1
systemctl reload apache2
