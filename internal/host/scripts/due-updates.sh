# due_updates prints what apt would replace with newer versions, by the lists that the
# machine has: name, version and "security" or "other" in a line each. Held packages are
# among them; "kept NAME" are those for which another package would have to go, or one that
# they need is not in the archives. An update is one for security if a version after the
# installed one is in an archive for security: Debian's has the label Debian-Security, and the
# names of Ubuntu's end with -security. Where apt cannot say it, "fault" and its reason come
# instead.
due_updates() {
    said=$(apt-get -s -q -o APT::Ignore-Hold=true upgrade --with-new-pkgs 2>&1) ||
        echo "fault $(printf '%s\n' "$said" | grep -m 1 '^E: ')"
    due=$(printf '%s\n' "$said" | awk '
        $1 == "Inst" && $3 ~ /^\[/ {
            version = $4
            sub(/^\(/, "", version)
            print $2, version, (/ Debian-Security:/ || /-security[, )]/ ? "security" : "other")
        }
        /^[^ ]/ { kept = /kept back:$/ }
        kept && /^ / { for (i = 1; i <= NF; i++) print "kept", $i }')
    others=$(printf '%s\n' "$due" | awk '$3 == "other" { print $1 }')
    secured=''
    # shellcheck disable=SC2086 # a word for each package
    [ -z "$others" ] || secured=$(apt-cache policy $others | awk '
        /^[^ ]/ { name = substr($1, 1, length($1) - 1); newer = 0 }
        /^  Version table:/ { newer = 1 }
        /^ \*\*\* / { newer = 0 }
        newer && /[^ ]-security\// { print name }')
    printf '%s\n' "$due" | while read -r name version kind; do
        [ -n "$name" ] || continue
        for other in $secured; do [ "$other" != "$name" ] || kind=security; done
        echo "$name $version $kind"
    done
}

# package_lists prints the files of the lists of packages that apt has.
package_lists() {
    for file in /var/lib/apt/lists/*Release /var/lib/apt/lists/*_Packages*; do
        [ ! -e "$file" ] || echo "$file"
    done
}

# held_by_ours prints the installed packages that the clusters of a machine hold at their
# versions. $1 is the folder of the markers.
held_by_ours() {
    # shellcheck disable=SC2046 # a word for each package
    set -- $(cat "$1"/*.held 2>/dev/null)
    [ $# = 0 ] || dpkg-query -W -f '${db:Status-Status} ${Package}\n' -- "$@" 2>/dev/null | sed -n 's/^installed //p'
}

# held_by_others prints the packages that somebody else than the clusters of a machine
# holds at their versions. $1 is the folder of the markers.
held_by_others() {
    ours=" $(cat "$1"/*.held 2>/dev/null | tr '\n' ' ') "
    apt-mark showhold | while read -r name; do
        case $ours in *" ${name%%:*} "*) ;; *) echo "$name" ;; esac
    done
}
