: fetch-updates
# Refreshes the lists of packages and fetches what is due, and installs nothing: where an
# archive does not answer or a disk is full, the machine stays in service. Arguments:
# "security" or "all", or "none" for the lists alone, or "of:NAME,NAME" for what was built
# from the same sources as some packages, and the folder of the markers.
. ./update-tools.sh
# For apt it is no error where no archive answers: it goes on with the lists that it has
# (apt-get(8), "update", and apt.conf(5), "APT::Update::Error-Mode"), which would pass for new.
refresh_lists -o APT::Update::Error-Mode=any || { echo "the lists of packages cannot be refreshed" >&2; exit 1; }
[ -n "$(package_lists)" ] || { echo "apt has no archive to ask for updates: see /etc/apt/sources.list.d" >&2; exit 1; }
mkdir -p /var/lib/apt/periodic && touch /var/lib/apt/periodic/update-success-stamp
[ "$1" != none ] || exit 0
list=$(wanted_updates "$1" "$2")
if [ -z "$list" ]; then
    # Who names packages has seen that they are to be replaced.
    case $1 in of:*) ;; *) exit 0 ;; esac
    [ -z "$(dpkg --audit)" ] || exit 0
    echo "apt replaces nothing of ${1#of:}: on hold by somebody else are $(held_by_others "$2" | tr '\n' ' ')" >&2
    due_updates | sed -n 's/^kept /kept back, because another package would have to go or one that it needs is not in the archives: /p; s/^fault //p' >&2
    exit 1
fi
# shellcheck disable=SC2086 # a word for each package
refuse_side_effects "$2" $list || exit 1
# shellcheck disable=SC2086
room_for_kernel $list || exit 1
# apt does not look while an installation is unfinished; then it fetches as it installs.
[ -z "$(dpkg --audit)" ] && [ -z "$(ls /var/lib/dpkg/updates)" ] || exit 0
# shellcheck disable=SC2086
apt install --download-only --only-upgrade $list >/dev/null || { little_room >&2; exit 1; }
