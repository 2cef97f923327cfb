: whole-input
# Runs the script $2 with the rest of the arguments once standard input has come whole: it is
# $1 characters of base64. Its data is in a variable, which no process list shows.
i=$(cat)
if [ "${#i}" -ne "$1" ]; then
    echo 'cannot read standard input: it has ended early' >&2
    exit 97
fi
t=$2
shift 2
printf %s "$i" | base64 -d | sh -c "$t" sh "$@"
