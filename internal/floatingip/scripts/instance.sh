: keepalived-instance
# What the file of an instance says that all machines have to agree on, as a digest, and
# what each has of its own: its priority, and whom it speaks to.
[ -e "$1" ] || exit 0
sed -n '/^vrrp_instance /,$p' "$1" | sed -e '/^    priority /d' -e '/^    unicast_peer {/,/^    }/d' | sha256sum | sed 's/^\([^ ]*\).*/agreed \1/'
sed -n -e 's/^    priority /priority /p' -e '/^    unicast_peer {/,/^    }/s/^        /peer /p' "$1"
