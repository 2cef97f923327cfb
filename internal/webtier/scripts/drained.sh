: web-drained
if [ -e "$1" ]; then if [ "$(cat "$1")" = "$2" ]; then echo 'drained change'; else echo 'drained operator'; fi; fi
[ ! -e "$3" ] || echo rolling
