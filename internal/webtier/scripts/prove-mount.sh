: web-prove-mount
# Writes a file, reads it back and removes it, in a child that can be left behind.
# Clients look for servers that came back every few seconds, so that an error is not the
# last word for half the time.
. ./exposed.sh
d=$1; f=$1/.terraform-ha-probe.$2; limit=$3
t=$(mktemp -d) || exit 1
work() { exposed "$d" >&2; [ -z "$(exposed "$d")" ] && echo "$f $$" >"$f" && [ "$(cat -- "$f")" = "$f $$" ] && rm -f -- "$f"; }
keep_on() {
    n=0
    until work 2>"$t/why"; do
        n=$((n + 1)); [ "$n" -lt "$limit" ] || { echo failed; return; }
        sleep 0.5
    done
    echo ok
}
{ keep_on >"$t/said"; mv "$t/said" "$t/done"; } </dev/null >/dev/null 2>&1 &
i=0
while [ ! -e "$t/done" ] && [ "$i" -lt $((limit * 10)) ]; do sleep 0.1; i=$((i + 1)); done
said=$(cat "$t/done" 2>/dev/null); why=$(cat "$t/why" 2>/dev/null); rm -rf "$t"
case $said in
ok) exit 0 ;;
failed) echo "writing and reading a file in $d failed: $why" >&2 ;;
*) echo "$d did not answer within $limit s${why:+; before, it said: $why}" >&2 ;;
esac
exit 1
