# Ends a script once the unit that $run names has started and what looks after
# their tables then has ended; $check finds that, and busy says whether it is still
# to begin.
n=0
while [ -n "$check" ] && { busy || pgrep -f -- "$check" >/dev/null; }; do
    if [ $n -ge 3000 ]; then
        echo "the check of the tables that begins with each start still runs after ten minutes: $(pgrep -a -f -- "$check" | head -n 1)" >&2
        exit 1
    fi
    n=$((n + 1))
    sleep 0.2
done
