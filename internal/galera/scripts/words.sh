# words prints why a server does not start, from the journal of the unit in $1
# since the time in $2 and from its own log in $3. What the server says is an error
# comes first; that a peer did not answer follows from most other faults, and says
# little. Each line is shown once, without its time, because systemd has started
# the server several times.
words() {
    t=$(mktemp) || return
    {
        journalctl --since "@$2" -n 2000 --no-pager -o cat -u "$1"
        [ ! -r "$3" ] || tail -n 2000 "$3" | awk -v b="$(date -u -d "@$2" +%Y-%m-%dT%H:%M:%S)" '$1 !~ /^[0-9]+-/ || $1 >= substr(b, 1, length($1))'
    } 2>/dev/null |
        sed -e 's/^[0-9]\{4\}-[0-9][0-9]-[0-9][0-9][ T][ 0-9:.]*[Z0-9:+]* [0-9]* //' |
        grep -E '\[ERROR\]|[Ff]atal|FATAL|given up' | awk '!seen[$0]++' >"$t"
    grep -vE 'WSREP|Aborting' "$t" | tail -n 6 >&2
    grep WSREP "$t" | tail -n 6 >&2
    [ -s "$t" ] || journalctl -n 12 --no-pager -o cat -u "$1" >&2
    rm -f "$t"
}
