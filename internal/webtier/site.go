package webtier

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// This file has every script that names the document root to a machine's root. The
// site's own user may write there, and so may whoever found a hole in the site: a
// name in it can be a symbolic link to any file of the machine by the time that it is
// opened. So root only makes that directory itself, in parents that are root's alone,
// and gives it away; whatever is read or written in it is read and written by the
// site's own user, within a time limit. What root has to know of the site lies in
// [Spec.state], which nobody else may write to.

// siteUser is who the site's files belong to and who runs its PHP.
const siteUser = "www-data"

// state is the directory of the tier's own record of the site: beside the site on the
// volume, or on the disk of a machine whose files are its own. It belongs to root.
func (s Spec) state() string {
	if s.Mount != nil {
		return path.Join(s.MountPoint, ".terraform-ha", s.Name)
	}
	return path.Join(host.MarkerDirectory, markerKind+"-"+s.Name)
}

// sentinel is the file whose reading proves that the shared directory is there.
func (s Spec) sentinel() string { return path.Join(s.state(), "sentinel") }

// cronLock is the file that scheduled work locks, so that one node does it at a time.
// The site's own user can read it, which is enough for a lock.
func (s Spec) cronLock() string { return path.Join(s.state(), "cron.lock") }

// guarded are the directories in which names are root's alone, so that the document
// root and the record are what they are taken for.
func (s Spec) guarded() []string {
	if s.DocumentRoot == "" {
		return nil
	}
	list := []string{s.state()}
	for _, below := range []string{s.DocumentRoot, s.state()} {
		for directory := path.Dir(below); !slices.Contains(list, directory); directory = path.Dir(directory) {
			list = append(list, directory)
		}
	}
	slices.Sort(list)
	return list
}

// asSite is the shell's way into the document root: "as_site command" runs it as the
// site's own user and "as_owner command" as the owner of its program files, $owner,
// without root's environment and groups, and kills it after $limit seconds. The locks of
// the caller, descriptors 8 and 9, are not handed on. Output has to go to files: a pipe
// can be kept open by other processes of that user.
const asSite = `as() { who=$1; shift; timeout -k 1 "${limit:-300}" setpriv --reuid="$who" --regid=` + siteUser + ` --clear-groups --no-new-privs --reset-env "$@" 8>&- 9>&-; }
as_site() { as ` + siteUser + ` "$@"; }
as_owner() { as "$owner" "$@"; }
`

// exposed says which of some directories are not root's alone; those that do not
// exist yet are not in the way.
const exposed = `exposed() {
stat -c '%u %A %U %n' -- "$@" 2>/dev/null | while read -r uid mode owner name; do
case "$uid $mode" in
'0 d'????-??-*) ;;
*' d'*) echo "$name belongs to $owner with mode $mode, so others than root may write there" ;;
*' l'*) echo "$name is a symbolic link" ;;
*) echo "$name is not a directory" ;;
esac
done
}
`

// rooted ends a script where one of the directories is exposed.
const rooted = exposed + `rooted() { why=$(exposed "$@"); [ -z "$why" ] || { echo "$why" >&2; exit 1; }; }
`

// mountScript reads what is mounted from the kernel's table, because every other
// way looks at the directory and may block there. The look itself is a child
// that can be left behind: nothing interrupts a process that waits for FUSE.
const mountScript = `: web-mount
` + welcomePage + exposed + asSite + `mp=$1; root=$2; state=$3; known=$4; inside=$5; dirs=$6; code=$7; shift 7
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
host=$1; name=$2; user=$3; prefix=$4; shift 4
look() {
case $(stat -- "$state/sentinel.absent" 2>&1) in *'No such file'*) ;; *) echo 'answer broken'; return ;; esac
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
(ulimit -f 64; limit=3 as_site sh -c "$inside" sh "$root" "$dirs" >"$t/inside")
head -c 8192 "$t/inside" | sed 's/^/inside /'
[ -e "$state/wordpress.php" ] || return
printf 'wordpress config %s ' "$(sha256sum <"$state/wordpress.php" | cut -d' ' -f1)"; stat -c '0%a %U %G' -- "$state/wordpress.php"
[ -s "$state/salts.php" ] || echo 'wordpress unsalted'
[ -z "$code" ] || grep "^define('DB_PASSWORD', " "$state/wordpress.php" >"$t/config"
}
{ look "$@" >"$t/said" 2>/dev/null; mv "$t/said" "$t/done"; } </dev/null >/dev/null 2>&1 &
i=0
while [ ! -e "$t/done" ] && [ "$i" -lt 90 ]; do if [ "$i" -lt 50 ]; then sleep 0.02; else sleep 0.1; fi; i=$((i + 1)); done
if [ -e "$t/done" ]; then cat "$t/done"; else echo 'answer hung'; fi
if [ -s "$t/config" ]; then
printf 'wordpress database %s\n' "$(timeout 6 php -n -d extension=mysqlnd -d extension=mysqli -r "$code" -- "$t/config" "$host" "$name" "$user" "$prefix")"
fi
rm -rf "$t"`

// insideScript runs as the site's own user and looks at what WordPress's files are.
// Nothing that lies there can hold it up: links are not followed and pipes not waited
// for, and no more is read than wp-config.php of ours has. Where it may write some
// directories only, it says which of others it may write, and which of those not.
const insideScript = `cd "$1" || exit 1
for f in * .[!.]*; do
[ ! -e "$f" ] && [ ! -L "$f" ] || { echo filled; break; }
done
if [ -e wp-config.php ] || [ -L wp-config.php ]; then
echo "loader $(dd if=wp-config.php iflag=nofollow,nonblock,fullblock bs=65536 count=1 status=none 2>/dev/null | sha256sum | cut -d' ' -f1)"
fi
[ -f index.php ] || [ -f wp-load.php ] || { echo end; exit 0; }
for f in ` + coreFiles + `; do
[ -f "$f" ] || echo "missing $f"
done
if [ -n "$2" ]; then
for f in ` + sampledForWriting + coreFiles + `; do
[ ! -w "$f" ] || echo "open $f"
done
for d in $2; do
[ ! -d "${d%/*}" ] || [ -w "$d" ] || echo "shut $d"
done
fi
set -- wp-content/themes/*/style.css
[ -f "$1" ] || echo "missing wp-content/themes"
echo end`

// coreFiles are files that every WordPress has, of each of its parts: all would be a
// look at thousands. Of some the distribution's package has links into others.
const coreFiles = `index.php wp-load.php wp-settings.php wp-cron.php wp-login.php wp-blog-header.php wp-includes/version.php ` +
	`wp-includes/load.php wp-includes/functions.php wp-includes/plugin.php wp-includes/post.php wp-includes/query.php ` +
	`wp-includes/PHPMailer/PHPMailer.php wp-includes/SimplePie/Item.php wp-includes/ID3/getid3.php wp-includes/certificates/ca-bundle.crt ` +
	`wp-includes/js/jquery/jquery.js wp-includes/js/underscore.min.js wp-includes/blocks/index.php ` +
	`wp-admin/index.php wp-admin/admin.php wp-admin/admin-ajax.php wp-admin/includes/admin.php wp-admin/includes/upgrade.php`

// askMount asks what is mounted, what is known of the site and what lies there.
func askMount(s Spec, askDatabase bool) shell.Part {
	mountPoint, inside, writable := "", "", ""
	if s.Mount != nil {
		mountPoint = s.MountPoint
	}
	question := make([]string, 5)
	if s.WordPress != nil {
		inside = insideScript
		if s.readOnly() {
			writable = strings.Join(s.writable(), " ")
		}
		if askDatabase {
			question = s.WordPress.databaseQuestion()
		}
	}
	args := append([]string{mountPoint, s.DocumentRoot, s.state(), s.siteRecord(), inside, writable}, question...)
	return shell.Ask("mount", mountScript, append(args, s.guarded()...)...)
}

// prepareRoot makes the document root, the record's directory and the sentinel.
// Several machines do so on one volume at once. Where a machine knows the site
// already, nothing is made that is missing.
func prepareRoot(s Spec, site Identity) action {
	volume := ""
	if s.Mount != nil {
		volume = s.Mount.VolumeID
	}
	args := append([]string{s.DocumentRoot, s.state(), s.Name, or(volume, "-"), site.Site, s.sessions(), s.filesOwner()}, s.guarded()...)
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "prepare "+s.DocumentRoot, shell.Script(prepareRootScript, args...))
	}
}

const prepareRootScript = `: web-prepare-root
` + rooted + `set -u; umask 022
root=$1; state=$2; tier=$3; volume=$4; expected=$5; sessions=$6; owner=$7; shift 7
rooted "$@"
sentinel=$state/sentinel
line() { sed -n "s/^$1 //p" "$sentinel" 2>/dev/null; }
if [ -n "$expected" ]; then
[ "$(line site)" = "$expected" ] || { echo "$sentinel is not there or is not that of this site: the volume is another one, or it was emptied. Nothing was made on it; the next plan says what to do" >&2; exit 1; }
[ -d "$root" ] || { echo "$root is gone" >&2; exit 1; }
fi
mkdir -p -- "$root" "$state" || exit 1
[ ! -L "$root" ] || { echo "$root is a symbolic link" >&2; exit 1; }
(umask 077; : >>"$state/lock") && exec 9>>"$state/lock" || exit 1
flock -w 300 9 || { echo "another machine works in $state" >&2; exit 1; }
site=$(line site); was=$(line volume)
[ -n "$site" ] || site=$(cat /proc/sys/kernel/random/uuid) || exit 1
if [ "$volume" = - ] || [ -n "$expected" ] && [ "${was:--}" != - ]; then volume=${was:--}; fi
if [ "$volume" != "$was" ] || [ ! -s "$sentinel" ]; then
printf 'terraform-ha web tier %s\nsite %s\nvolume %s\n' "$tier" "$site" "$volume" >"$sentinel.new" && mv -f -- "$sentinel.new" "$sentinel" || exit 1
fi
chmod 0644 -- "$sentinel"
: >>"$state/cron.lock" && chmod 0644 -- "$state/cron.lock" || exit 1
if [ -n "$sessions" ]; then
mkdir -p -- "$sessions" && [ ! -L "$sessions" ] && chmod 0700 -- "$sessions" && chown -h ` + siteUser + `:` + siteUser + ` -- "$sessions" || exit 1
fi
chown -h "$owner:` + siteUser + `" -- "$root"`

// wipeRoot deletes the site. It is the one thing that root does below the document
// root: what other users own there has to go as well. The programs that do it go from
// directory to directory by descriptors and never follow a link.
func wipeRoot(s Spec) action {
	args := append([]string{s.DocumentRoot, s.MountPoint, s.state()}, s.guarded()...)
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "wipe "+s.DocumentRoot, shell.Script(wipeRootScript, args...))
	}
}

const wipeRootScript = `: web-wipe-root
` + rooted + `root=$1; mp=$2; state=$3; shift 3
mounts() { awk -v p="$1" -v below="$2" '$5 == p || below && index($5, p "/") == 1 && $5 != p { print $5 }' /proc/self/mountinfo; }
if [ -n "$mp" ]; then [ -n "$(mounts "$mp" '')" ] || { echo "$mp is not mounted" >&2; exit 1; }; fi
rooted "$@"
other=$(mounts "$root" yes | grep -vxF -e "$root")
[ -z "$other" ] || { echo "other file systems are mounted in $root, which would be wiped as well; unmount them first:" $other >&2; exit 1; }
if [ -L "$root" ]; then echo "$root is a symbolic link" >&2; exit 1; fi
if [ -d "$root" ]; then
timeout 600 find "$root" -xdev -mindepth 1 -delete || exit 1
[ -n "$(mounts "$root" '')" ] || rmdir -- "$root" || exit 1
fi
rm -rf --one-file-system -- "$state"
case $state in */.terraform-ha/*) rmdir -- "${state%/*}" 2>/dev/null ;; esac
:`

// insideName is a name that the scripts above ask about.
var insideName = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)

// parseInside reads what the site's own user said of what lies in the document root.
// Whoever is that user can have it say anything.
func parseInside(seen *WordPressStatus, words []string) {
	switch words[0] {
	case "end":
		seen.Looked = true
	case "filled":
		seen.Filled = true
	case "loader":
		seen.Loader = words[1]
	case "open", "shut":
		if len(words[1]) < 200 && insideName.MatchString(words[1]) {
			if words[0] == "open" {
				seen.Open = append(seen.Open, words[1])
			} else {
				seen.Shut = append(seen.Shut, words[1])
			}
		}
	case "missing":
		if file := words[1]; file == "wp-content/themes" || slices.Contains(strings.Fields(coreFiles), file) {
			seen.Missing = append(seen.Missing, file)
		}
	}
}

// refuseExposed refuses directories in which others than root may put names of their
// own in the place of those that root is to use.
func refuseExposed(s Spec, status Status) error {
	for _, node := range s.Nodes {
		if seen := status.Nodes[node.Name]; seen.Reachable() && len(seen.Exposed) > 0 {
			return refused(s, node.Name, seen.Exposed,
				"Directories above the document root belong to root and only root may write to them: give them back with chown and chmod, and look for what others may have put there. The site's own user writes in the document root.")
		}
	}
	return nil
}
