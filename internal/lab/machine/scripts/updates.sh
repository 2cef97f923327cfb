# Makes a second archive on a machine, with newer versions of packages that have the same
# contents, and has apt know it. Arguments: "security" or "other", what versions end with
# then, the package whose installation asks for a reboot ("-" for none), and the packages.
# All packages of the same source come along, as many depend on each other's very version.
set -eu
export LC_ALL=C
kind=$1 suffix=$2 reboots=$3
shift 3
from=/var/lib/lab/apt
to=/var/lib/lab/updates-$kind
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$to"

# index prints package, source, version and file of every package of the first archive.
index() {
    awk '
        /^Package: / { package = $2; source = $2 }
        /^Source: / { source = $2 }
        /^Version: / { version = $2 }
        /^Filename: / { print package, source, version, $2 }' "$from/Packages"
}

# renew gives the control files in a folder the newer version, and has postinst ask for a
# reboot the way update-notifier does. Of the characters that a version may have, only the dot
# means another thing to sed; GNU sed takes an escaped plus for a repetition.
renew() {
    name=$1 old=$2 folder=$3
    pattern=$(printf '%s' "$old" | sed 's/[.]/\\&/g')
    sed -i -e "s/^Version: .*/Version: $old$suffix/" -e "s/(= $pattern)/(= $old$suffix)/g" "$folder/control"
    [ "$name" = "$reboots" ] || return 0
    [ -e "$folder/postinst" ] || printf '#!/bin/sh\nset -e\n' >"$folder/postinst"
    sed -i "2i touch /run/reboot-required; echo $name >>/run/reboot-required.pkgs" "$folder/postinst"
    chmod 0755 "$folder/postinst"
}

# splice writes a package with new control files and the contents of another one, which
# are copied as they are. A package is an archive of three files (deb(5)).
# shellcheck disable=SC2016 # it is Perl's
splice='
    my ($from, $control, $to) = @ARGV;
    local $/;
    open my $in, "<:raw", $from or die; my $all = <$in>;
    open my $new, "<:raw", $control or die; my $members = <$new>;
    my ($out, $at) = ("!<arch>\n", 8);
    while ($at < length $all) {
        my $head = substr $all, $at, 60; my $size = substr($head, 48, 10) + 0;
        my $body = substr $all, $at + 60, $size;
        if ($head =~ /^control\.tar/) {
            $head = sprintf "%-16s%-12s%-6s%-6s%-8s%-10s`\n", "control.tar", 0, 0, 0, "100644", length $members;
            $body = $members;
        }
        $out .= $head . $body . (length($body) % 2 ? "\n" : "");
        $at += 60 + $size + $size % 2;
    }
    open my $done, ">:raw", $to or die; print $done $out; close $done or die;'

from_archive() {
    name=$1 old=$2 file=$3
    rm -rf "$work/control"
    dpkg-deb -e "$from/$file" "$work/control"
    renew "$name" "$old" "$work/control"
    tar -C "$work/control" --owner=0 --group=0 -cf "$work/control.tar" .
    perl -e "$splice" "$from/$file" "$work/control.tar" "$to/$name.deb"
}

# from_installed makes the package of what is installed: the first archive lacks what the
# machines have from their beginning.
from_installed() {
    name=$1
    old=$(dpkg-query -W -f '${Version}' "$name")
    rm -rf "$work/root"
    mkdir -p "$work/root/DEBIAN"
    dpkg-query -s "$name" | sed -e '/^Status: /d' -e '/^Conffiles:/,/^[^ ]/{/^Conffiles:/d;/^ /d}' >"$work/root/DEBIAN/control"
    for part in preinst postinst prerm postrm triggers shlibs symbols conffiles md5sums templates; do
        path=$(dpkg-query -c "$name" "$part" 2>/dev/null) || continue
        [ -z "$path" ] || cp "$path" "$work/root/DEBIAN/$part"
    done
    dpkg-query -L "$name" | while read -r path; do [ ! -e "$path" ] || echo "$path"; done |
        tar --no-recursion -P -cf - -T - | tar -C "$work/root" -xf - 2>/dev/null
    renew "$name" "$old" "$work/root/DEBIAN"
    dpkg-deb -Znone --root-owner-group -b "$work/root" "$to/$name.deb" >/dev/null
}

index >"$work/index"
for wanted; do
    source=$(awk -v name="$wanted" '$1 == name { print $2; exit }' "$work/index")
    if [ -z "$source" ]; then
        from_installed "$wanted"
        continue
    fi
    awk -v source="$source" '$2 == source { print $1, $3, $4 }' "$work/index" >"$work/those"
    while read -r name version file; do from_archive "$name" "$version" "$file"; done <"$work/those"
done

case $kind in
security) label=Debian-Security suite=stable-security ;;
*) label=Debian suite=stable-updates ;;
esac
release=$(. /etc/os-release && echo "$VERSION_ID")
cd "$to"
apt-ftparchive packages . >Packages
apt-ftparchive -o APT::FTPArchive::Release::Origin=Debian -o APT::FTPArchive::Release::Label=$label \
    -o APT::FTPArchive::Release::Suite=$suite -o APT::FTPArchive::Release::Version="$release" release . >"$work/Release"
cp "$work/Release" Release
echo "deb [trusted=yes] file:$to ./" >"/etc/apt/sources.list.d/lab-updates-$kind.list"
apt-get -qq update
