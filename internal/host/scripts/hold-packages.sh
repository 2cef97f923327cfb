: hold-packages
f=$1
shift
sources() { dpkg-query -W -f '${source:Package}\n' -- "$@" 2>/dev/null | sort -u | tr '\n' ' '; }
# A package that only names the current series, such as those of php-defaults, stands
# for the packages that it depends on.
for p; do
    case $(sources "$p") in *-defaults*)
        # shellcheck disable=SC2046 # a word for each package
        set -- "$@" $(dpkg-query -W -f '${Depends}' -- "$p" | tr ',' '\n' | sed 's/ *(.*//; s/ //g')
        ;;
    esac
done
s=" $(sources "$@" | tr ' ' '\n' | grep -vx -e perl -e glibc | tr '\n' ' ') " held=" $(apt-mark showhold | tr '\n' ' ') "
new=$(dpkg-query -W -f '${db:Status-Status} ${source:Package} ${Package}\n' | while read -r status source package; do
    [ "$status" = installed ] || continue
    case $s in *" $source "*)
        case $held in *" $package "*) ;; *) echo "$package" ;; esac
        ;;
    esac
done)
[ -n "$new" ] || exit 0
# shellcheck disable=SC2086 # a word for each package
mkdir -p "$(dirname "$f")" && printf '%s\n' $new >>"$f" || exit 1
n=0
# shellcheck disable=SC2086 # a word for each package
until apt-mark hold $new >/dev/null; do
    n=$((n + 1))
    [ $n -lt 100 ] || exit 1
    sleep 3
done
