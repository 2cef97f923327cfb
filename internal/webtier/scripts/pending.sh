: web-pending
for f in "$1"/*; do [ ! -e "$f" ] || printf '%s\n' "${f##*/}"; done
