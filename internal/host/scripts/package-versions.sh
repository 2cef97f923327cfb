: package-versions
dpkg-query -W -f '${db:Status-Status} ${Package} ${Version} ${db:Status-Want}\n' -- "$@"
