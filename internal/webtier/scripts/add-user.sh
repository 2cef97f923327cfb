: web-add-user
getent passwd "$1" >/dev/null || useradd --system --uid "$2" --gid "$3" --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
    --comment 'program files of WordPress' -- "$1"
