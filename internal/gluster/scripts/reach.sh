: gluster-reach
for other; do
    timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/24007"' "$other" 2>/dev/null || {
        echo "$other" >&2
        s=1
    }
done
exit "${s:-0}"
