# Has the files of WordPress in $from. The distribution's package is full of links into
# the machine, which are followed: the volume has to hold real files.
source=$1; sum=$2
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
if [ "$source" = package ]; then
    from=/usr/share/wordpress
    # Debian keeps the theme in a package of its own, whose name changes with the
    # release; without one, WordPress serves empty pages.
    if [ -z "$(ls "$from/wp-content/themes")" ]; then
        theme=$(apt-cache show wordpress | grep -o 'wordpress-theme-[a-z]*' | head -n 1)
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "$theme" >/dev/null || { echo "cannot install ${theme:-a theme}, and without one WordPress serves empty pages" >&2; exit 1; }
    fi
else
    curl -fsSL --retry 3 --connect-timeout 20 --max-time 600 -o "$t/archive" -- "$source" || exit 1
    got=$(sha256sum <"$t/archive" | cut -d' ' -f1)
    [ "$got" = "$sum" ] || { echo "the archive has the checksum $got" >&2; exit 1; }
    mkdir "$t/x" && tar -xzf "$t/archive" -C "$t/x" --no-same-owner --no-same-permissions || exit 1
    from=$t/x/wordpress
fi
[ -e "$from/wp-load.php" ] || { echo "there is no WordPress in $source" >&2; exit 1; }
nowhere=$(find -L "$from" -type l | head -n 5)
[ -z "$nowhere" ] || { echo "files of WordPress are links to what is not installed:" $nowhere >&2; exit 1; }
chmod 0755 "$t"
limit=3600
