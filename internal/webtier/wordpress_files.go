package webtier

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// findWordPress is the shell that has the files of WordPress in $from. The
// distribution's package is full of links into the machine, which are followed: the
// volume has to hold real files.
const findWordPress = `source=$1; sum=$2
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
if [ "$source" = package ]; then
from=/usr/share/wordpress
# Debian keeps the theme in a package of its own, whose name changes with the
# release; without one, WordPress serves empty pages.
if [ -z "$(ls "$from/wp-content/themes")" ]; then
theme=$(apt-cache show wordpress | grep -o 'wordpress-theme-[a-z]*' | head -n 1)
DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "$theme" >/dev/null || { echo "cannot install ${theme:-a theme}, and without one WordPress serves empty pages" >&2; exit 1; }
fi
else
curl -fsSL --retry 3 --connect-timeout 20 --max-time 600 -o "$t/archive" -- "$source" || exit 1
got=$(sha256sum <"$t/archive" | cut -d' ' -f1)
[ "$got" = "$sum" ] || { echo "the archive has the checksum $got" >&2; exit 1; }
mkdir "$t/x" && tar -xzf "$t/archive" -C "$t/x" --no-same-owner --no-same-permissions || exit 1
from=$t/x/wordpress
fi
[ -e "$from/wp-load.php" ] || { echo "there is no WordPress in $source" >&2; exit 1; }
nowhere=$(find -L "$from" -type l | head -n 5)
[ -z "$nowhere" ] || { echo "files of WordPress are links to what is not installed:" $nowhere >&2; exit 1; }
chmod 0755 "$t"
limit=3600
`

// copyWordPressScript is repeated when it was interrupted. Thousands of small
// files on a replicated volume are a matter of round trips, so several are under
// way at once. The package's own wp-config.php looks for one in /etc and is of no use
// here.
const copyWordPressScript = `: web-wordpress-copy
` + wordpressStamp + `! grep -q '^copied' "$stamp" 2>/dev/null || exit 0
record copying
` + findWordPress + `as_owner sh -c '
cd "$2" || exit 1
find -L . -mindepth 1 -type d -print0 | (cd "$1" && xargs -0 mkdir -p --)
find -L . -type f ! -path ./wp-config.php ! -path ./.htaccess -print0 | xargs -0 -P 8 -n 40 cp --parents -t "$1" -- || exit 1
mkdir -p "$1/wp-content/uploads"' sh "$root" "$from" || exit 1
record source "${sum:-package}"
record copied`

// restoreWordPressScript puts back what is missing, from the same version alone: a
// WordPress that has updated itself must not get older parts.
const restoreWordPressScript = `: web-wordpress-restore
` + wordpressStamp + findWordPress + `as_owner sh -c '
version() { dd if="$1/wp-includes/version.php" iflag=nofollow,nonblock bs=65536 count=1 status=none | sed -n "s/^.wp_version *= *.\\([0-9.]*\\).*/\\1/p"; }
have=$(version "$1"); given=$(version "$2")
[ -n "$have" ] && [ "$have" = "$given" ] || { echo "WordPress ${have:-of unknown version} misses files, and those at hand are of ${given:-another version}: restore them from a backup, or install that version anew in the dashboard" >&2; exit 1; }
cd "$2" || exit 1
find -L . -mindepth 1 -type d -print0 | (cd "$1" && xargs -0 mkdir -p --)
find -L . -type f ! -path ./wp-config.php ! -path ./.htaccess -exec sh -c "to=\$1; shift
for f; do [ -e \"\$to/\$f\" ] || [ -L \"\$to/\$f\" ] || cp --parents -t \"\$to\" -- \"\$f\" || exit 1; done" sh "$1" {} +' sh "$root" "$from"`

func copyWordPress(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		w := s.WordPress
		return h.RunDetached(ctx, "copy WordPress to "+s.DocumentRoot, shell.Script(copyWordPressScript, s.DocumentRoot, s.state(), s.filesOwner(), w.Source, w.SHA256))
	}
}

func restoreWordPress(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		w := s.WordPress
		return h.RunDetached(ctx, "restore missing files of WordPress in "+s.DocumentRoot, shell.Script(restoreWordPressScript, s.DocumentRoot, s.state(), s.filesOwner(), w.Source, w.SHA256))
	}
}

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
