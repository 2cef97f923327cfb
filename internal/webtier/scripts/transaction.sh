# What both configurations share: put files in place, keep what was there, and put it
# back (files_back) when the service refuses them. The pending mark makes the next run
# load what an interrupted one has only written.
# Contents come on standard input, a line of base64 for each file: a setting may be
# secret, and a command line is for everybody on the machine to read.
set -u; umask 022
pending=$1/$2; count=$3; shift 3
mkdir -p "${pending%/*}" && : >"$pending" || exit 1
b=$(mktemp -d) || exit 1
trap 'rm -rf "$b"' EXIT
n=0
while [ "$n" -lt "$count" ]; do
    n=$((n + 1)); f=$1; shift
    read -r content || exit 1
    printf %s "$f" >"$b/$n.path"
    [ ! -e "$f" ] || cp -p -- "$f" "$b/$n.old"
    mkdir -p -- "${f%/*}"
    printf %s "$content" | base64 -d >"$f.terraform-ha-new" && chmod 0644 "$f.terraform-ha-new" && chown root:root "$f.terraform-ha-new" && mv -f -- "$f.terraform-ha-new" "$f" || exit 1
done
files_back() {
    while [ "$n" -gt 0 ]; do
        f=$(cat "$b/$n.path")
        if [ -e "$b/$n.old" ]; then cp -p -- "$b/$n.old" "$f"; else rm -f -- "$f"; fi
        n=$((n - 1))
    done
}
