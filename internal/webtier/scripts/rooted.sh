# rooted ends a script where one of the directories is exposed.
. ./exposed.sh
rooted() { why=$(exposed "$@"); [ -z "$why" ] || { echo "$why" >&2; exit 1; }; }
