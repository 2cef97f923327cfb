: galera-made-for
# What the first lines of the configuration in $1 say behind the words in $2.
[ ! -e "$1" ] || while read -r line; do
    case $line in
    "$2"*)
        echo "${line#"$2"}"
        break
        ;;
    "["*) break ;;
    esac
done <"$1"
exit 0
