export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1
. ./due-updates.sh
. ./refresh-lists.sh
. ./little-room.sh
apt() {
    apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold --allow-change-held-packages "$@"
}

# same_source prints the installed packages that were built from the same sources as the
# packages of "of:NAME,NAME".
same_source() {
    names=$(printf '%s' "${1#of:}" | tr ',' ' ')
    # shellcheck disable=SC2086 # a word for each package
    sources=" $(dpkg-query -W -f '${source:Package}\n' -- $names 2>/dev/null | sort -u | tr '\n' ' ') "
    dpkg-query -W -f '${db:Status-Status} ${source:Package} ${Package}\n' | while read -r status source package; do
        case $sources in *" $source "*) [ "$status" = not-installed ] || echo "$package" ;; esac
    done
}

# wanted_updates prints the names of the packages to be replaced: $1 is "security",
# "all" or "of:NAME,NAME" for those of the sources of some packages, $2 the folder of the
# markers. What somebody else holds stays, and so does what is kept back, whose line has
# no kind.
wanted_updates() {
    held=" $(held_by_others "$2" | tr '\n' ' ') "
    case $1 in of:*) those=" $(same_source "$1" | tr '\n' ' ') " ;; esac
    due_updates | while read -r name _ kind; do
        case $1.$kind in
        all.?* | security.security) ;;
        of:*.?*) case $those in *" ${name%%:*} "*) ;; *) continue ;; esac ;;
        *) continue ;;
        esac
        case $held in *" $name "*) ;; *) echo "$name" ;; esac
    done
}

# refuse_side_effects fails if packages could not be replaced without taking another one
# away, or changing one that somebody else holds. $1 is the folder of the markers, and the
# others are the packages.
refuse_side_effects() {
    held=" $(held_by_others "$1" | tr '\n' ' ') "
    shift
    plan=$(apt install -s --only-upgrade "$@" 2>&1) || {
        # An installation that broke off comes first.
        [ -n "$(dpkg --audit)" ] && return 0
        printf '%s\n' "$plan" >&2
        [ -z "${held# }" ] || echo "on hold, and not by terraform-provider-ha:$held" >&2
        return 1
    }
    printf '%s\n' "$plan" | {
        harm=0
        while read -r verb name _; do
            case $verb in
            Remv) echo "the updates would remove $name" >&2; harm=1 ;;
            Inst) case $held in *" $name "*) echo "the updates need another version of $name, which is on hold; release it (apt-mark unhold $name), or hold what needs it" >&2; harm=1 ;; esac ;;
            esac
        done
        return $harm
    }
}
