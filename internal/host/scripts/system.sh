: system
# Says how up to date the system is, and changes nothing: apt only simulates, which needs
# no lock, and asks no archive. Argument: the folder of the markers.
. ./due-updates.sh
. ./boot-name.sh
. ./stale-units.sh
export LC_ALL=C
markers=$1
echo "boot $(boot_name)"
echo "state $(systemctl is-system-running)"
echo "now $(date +%s)"
# A stamp says nothing of lists that somebody has removed.
if [ -n "$(package_lists)" ]; then
    stat -c 'lists %Y' /var/lib/apt/periodic/update-success-stamp /var/lib/apt/periodic/update-stamp /var/lib/apt/lists/*Release
else
    echo "lists none"
fi
due_updates | while read -r first rest; do
    case $first in
    kept | fault) echo "$first $rest" ;;
    *) echo "update $first $rest" ;;
    esac
done
held_by_others "$markers" | while read -r name; do echo "held $name"; done
dpkg-query -W -f '${db:Status-Status} ${Package}\n' | while read -r status name; do
    case $status in
    unpacked | half-configured | half-installed | triggers-awaited | triggers-pending) echo "unfinished $name" ;;
    esac
done
for file in /var/lib/dpkg/updates/*; do [ ! -e "$file" ] || echo "unfinished dpkg"; done
[ ! -e /run/reboot-required ] || echo "required $(sort -u /run/reboot-required.pkgs 2>/dev/null | tr '\n' ' ')"
# A container runs the kernel of its computer. Of kernels, only those of one flavor are
# compared: a machine may be started with a kernel that is none of its own.
if [ ! -e /run/systemd/container ]; then
    running=$(uname -r)
    flavor=$(printf '%s' "$running" | sed -E 's/^([0-9][^-]*-)+//')
    newest=$(for file in /boot/vmlinuz-*; do
        version=${file#/boot/vmlinuz-}
        [ "$(printf '%s' "$version" | sed -E 's/^([0-9][^-]*-)+//')" != "$flavor" ] || echo "$version"
    done | sort -V | tail -n 1)
    if [ -n "$newest" ] && [ "$newest" != "$running" ] && [ "$(printf '%s\n' "$newest" "$running" | sort -V | tail -n 1)" = "$newest" ]; then
        echo "kernel $running $newest"
    else
        # Debian names the version of the package in that of the kernel, and may replace
        # the package of a kernel without another name.
        built=$(uname -v | sed -n 's/.* Debian \([^ ]*\) .*/\1/p')
        installed=$(dpkg-query -W -f '${Version}' "linux-image-$running")
        [ -z "$built" ] || [ -z "$installed" ] || [ "$built" = "$installed" ] || echo "kernel $built $installed"
    fi
fi
stale_units | sort -u | sed 's/^/stale /'
for file in "$markers"/*.json; do
    [ ! -e "$file" ] || { name=${file##*/}; echo "marker ${name%.json}"; }
done
[ ! -e "$markers/reboot" ] || sed 's/^/rebooted /' "$markers/reboot"
