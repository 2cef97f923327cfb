: galera-percona-repository
set -e
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -qq -y -o DPkg::Lock::Timeout=600 "$@"; }
list=/etc/apt/sources.list.d/terraform-ha-percona.list ring=/usr/share/keyrings/terraform-ha-percona.gpg
command -v percona-release >/dev/null || {
    t=$(mktemp -d)
    trap 'rm -rf "$t" "$list"' EXIT
    curl -fsSL --retry 3 -o "$t/key" https://repo.percona.com/yum/PERCONA-PACKAGING-KEY
    gpg --homedir "$t" --batch --quiet --import "$t/key"
    gpg --homedir "$t" --batch --export "$2" >"$t/ring"
    [ -s "$t/ring" ] || {
        echo "the key that Percona offers is not $2" >&2
        exit 1
    }
    install -m 0644 "$t/ring" "$ring"
    . /etc/os-release
    printf 'deb [signed-by=%s] https://repo.percona.com/prel/apt %s main\n' "$ring" "$VERSION_CODENAME" >"$list"
    apt update
    apt install percona-release
    rm -f "$list"
}
percona-release setup -y "$1"
printf '%s\n' 'percona-xtradb-cluster-server percona-xtradb-cluster-server/root-pass password' 'percona-xtradb-cluster-server percona-xtradb-cluster-server/re-root-pass password' | debconf-set-selections
