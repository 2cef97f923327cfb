: gluster-daemon
. ./without-python.sh
systemctl daemon-reload
# Debian's unit may start six times in an hour; after that it needs this.
systemctl reset-failed glusterd 2>/dev/null
case $(systemctl is-enabled glusterd 2>/dev/null) in masked*)
    systemctl unmask --quiet glusterd
    systemctl unmask --runtime --quiet glusterd
    ;;
esac
systemctl enable --quiet glusterd || exit 1
systemctl "$1" glusterd || {
    journalctl -n 15 --no-pager -o cat -u glusterd >&2
    exit 1
}
# The first answer is also what makes it write down its identity.
n=0
until without_python gluster --mode=script system:: uuid get >/dev/null 2>&1 && grep -q ^UUID= /var/lib/glusterd/glusterd.info; do
    n=$((n + 1))
    [ $n -lt 100 ] || {
        echo 'glusterd runs and does not answer' >&2
        tail -n 15 /var/log/glusterfs/glusterd.log >&2
        exit 1
    }
    sleep 0.3
done
