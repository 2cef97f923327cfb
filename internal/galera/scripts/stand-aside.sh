: galera-stand-aside
for u; do systemctl stop --no-block -- "$u" 2>/dev/null; done
n=0
for u; do
    until case $(systemctl show -p ActiveState --value -- "$u") in inactive | failed) true ;; *) false ;; esac do
        n=$((n + 1))
        [ $n -ne 25 ] || systemctl kill -s KILL -- "$u"
        [ $n -lt 300 ] || {
            echo "$u does not end" >&2
            exit 1
        }
        sleep 0.2
    done
done
