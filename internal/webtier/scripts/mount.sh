: web-mount
# Reads what is mounted from the kernel's table, because every other way looks at the
# directory and may block there. The look itself is a child that can be left behind:
# nothing interrupts a process that waits for FUSE.
. ./welcome.sh
. ./exposed.sh
. ./as-site.sh
mp=$1; root=$2; state=$3; known=$4; inside=$5; dirs=$6; core=$7; names=$8; code=$9; shift 9
identity() { site=; volume=; read -r _; read -r _ site; read -r _ volume; echo "$1 ${site:--} ${volume:--}"; }
[ ! -f "$known" ] || identity known <"$known"
if [ -n "$mp" ]; then
    m=$(awk -v p="$mp" '$5 == p { for (i = 7; i <= NF; i++) if ($i == "-") l = $(i+1) " " $(i+2) } END { print l }' /proc/self/mountinfo)
    if [ -z "$m" ]; then
        [ -z "$(filled "$mp")" ] || echo occupied
        exit 0
    fi
    printf 'mounted %s\n' "$m"
fi
[ -n "$root" ] || exit 0
t=$(mktemp -d) || exit 1
# It is open for both, so that neither side waits for the other one to open it.
mkfifo "$t/end" && exec 7<>"$t/end" || exit 1
host=$1; name=$2; user=$3; prefix=$4; shift 4
look() {
    case $(stat -- "$state/sentinel.absent.$$" 2>&1) in *'No such file'*) ;; *) echo 'answer broken'; return ;; esac
    why=$(exposed "$@"; [ ! -L "$root" ] || echo "$root is a symbolic link")
    if [ -n "$why" ]; then echo "$why" | sed 's/^/exposed /'; return; fi
    if [ ! -e "$state/sentinel" ]; then echo 'answer new'
    elif said=$(identity sentinel <"$state/sentinel"); then printf 'answer ok\n%s\n' "$said"
    else echo 'answer broken'; return; fi
    [ -d "$root" ] || return
    stat -c 'root %U %G' -- "$root"
    [ ! -d "$state/sessions" ] || stat -c 'sessions %a %U' -- "$state/sessions"
    [ -n "$inside" ] || return
    [ ! -e "$state/wordpress" ] || sed 's/^/wordpress stamp /' "$state/wordpress"
    (ulimit -f 64; limit=3 as_site sh -c "$inside" sh "$root" "$dirs" "$core" "$names" >"$t/inside" 7>&-)
    head -c 8192 "$t/inside" | sed 's/^/inside /'
    [ -e "$state/wordpress.php" ] || return
    printf 'wordpress config %s ' "$(sha256sum <"$state/wordpress.php" | cut -d' ' -f1)"; stat -c '0%a %U %G' -- "$state/wordpress.php"
    [ -s "$state/salts.php" ] || echo 'wordpress unsalted'
    [ -z "$code" ] || grep "^define('DB_PASSWORD', " "$state/wordpress.php" >"$t/config"
}
{ look "$@" >"$t/said" 2>/dev/null; mv "$t/said" "$t/done"; echo >&7; } </dev/null >/dev/null 2>&1 &
timeout 5 head -n 1 <&7 >/dev/null
if [ -e "$t/done" ]; then cat "$t/done"; else echo 'answer hung'; fi
if [ -s "$t/config" ]; then
    printf 'wordpress database %s\n' "$(timeout 6 php -n -d extension=mysqlnd -d extension=mysqli -r "$code" -- "$t/config" "$host" "$name" "$user" "$prefix")"
fi
rm -rf "$t"
