: drill-watch
# Prints once a second how the node is: the time, "good" or "bad", and a word.
token=$1 until=$2 tier=$3 floating=$4
umask 077
[ "$(cat /run/terraform-ha-drill 2>/dev/null)" = "$token" ] || { printf %s "$token" >"/run/terraform-ha-drill.$$" && mv "/run/terraform-ha-drill.$$" /run/terraform-ha-drill; }
database() {
    state=$(timeout 2 mariadb --batch --skip-column-names --execute "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_local_state_comment'" 2>/dev/null)
    holds=
    [ -z "$floating" ] || [ -z "$(ip -4 -o address show to "$floating/32")" ] || holds=', has the address'
    case $state in
    Synced) echo "good synced$holds" ;;
    '') echo "bad no answer$holds" ;;
    *) echo "bad $state$holds" ;;
    esac
}
files() {
    glusterd=$(pgrep -x glusterd) bricks=$(pgrep -x glusterfsd)
    [ -n "$glusterd" ] || { echo 'bad no glusterd'; return; }
    [ -n "$bricks" ] || { echo 'bad no brick'; return; }
    # shellcheck disable=SC2086
    case $(ps -o stat= -p $glusterd $bricks) in
    *T*) echo 'bad stopped' ;;
    *) echo 'good serves' ;;
    esac
}
web() {
    code=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 1 http://localhost/healthz)
    case $code in
    200) echo 'good serves' ;;
    000) echo 'bad no answer' ;;
    *) echo "bad health $code" ;;
    esac
}
while [ "$(date +%s)" -lt "$until" ] && [ "$(cat /run/terraform-ha-drill 2>/dev/null)" = "$token" ]; do
    case $tier in
    db) said=$(database) ;;
    files) said=$(files) ;;
    *) said=$(web) ;;
    esac
    echo "$(date +%s.%N) $said"
    sleep 1
done
