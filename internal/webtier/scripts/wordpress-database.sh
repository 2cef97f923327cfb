: web-wordpress-database
code=$1; shift
exec timeout 6 php -n -d extension=mysqlnd -d extension=mysqli -r "$code" -- - "$@"
