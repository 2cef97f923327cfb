: disable-units
for u; do
    case $(systemctl show -p LoadState --value -- "$u") in not-found) continue ;; esac
    systemctl disable --quiet --now -- "$u" || exit 1
done
