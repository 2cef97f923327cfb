package webtier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// wordpressRecord is the file of our own record of WordPress, a line per fact.
func (s Spec) wordpressRecord() string { return path.Join(s.state(), "wordpress") }

// wordpressSettings is the file with WordPress's settings and passwords. It lies
// outside of the document root, where no request can reach it and the site cannot
// change it.
func (s Spec) wordpressSettings() string { return path.Join(s.state(), "wordpress.php") }

// wordpressStamp is the shell that keeps our own record, one machine at a time.
const wordpressStamp = rooted + asSite + `set -u; umask 022
root=$1; state=$2; owner=$3; shift 3
rooted "$state" "${root%/*}"
stamp=$state/wordpress
exec 9>>"$state/lock" || exit 1
flock -w 300 9 || { echo "another machine works in $root" >&2; exit 1; }
record() { { [ ! -e "$stamp" ] || grep -v "^$1\( \|\$\)" "$stamp"; printf '%s\n' "$*"; } >"$stamp.new"; mv -f -- "$stamp.new" "$stamp"; }
`

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

// The salts are made on the machine, once for all, and never leave the volume.
const wordpressConfigScript = `: web-wordpress-config
` + wordpressStamp + `digest=$1; loader=$2
put() { chown root:` + siteUser + ` "$1.new" && chmod 0640 "$1.new" && mv -f -- "$1.new" "$1"; }
umask 077
salts=$state/salts.php
if [ ! -s "$salts" ]; then
{ echo '<?php'
for name in AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT NONCE_SALT; do
printf "define('%s', '%s');\n" "$name" "$(head -c 48 /dev/urandom | base64 -w 0)"
done; } >"$salts.new" && put "$salts" || exit 1
fi
chown root:` + siteUser + ` "$salts"; chmod 0640 "$salts"
settings=$state/wordpress.php
cat >"$settings.new" && php -l "$settings.new" >/dev/null && put "$settings" || exit 1
umask 022
limit=60
as_owner sh -c 'umask 022
t=$(mktemp -- "$1/wp-config.XXXXXX") || exit 1
printf %s "$2" >"$t" && chmod 0644 -- "$t" && mv -fT -- "$t" "$1/wp-config.php" || { rm -f -- "$t"; exit 1; }' sh "$root" "$loader" || exit 1
record config "$digest" "$(sha256sum <"$settings" | cut -d' ' -f1)"
# A record that was lost begins again here: the files are not to be copied anew.
grep -q '^copied' "$stamp" || record copied`

// installWordPressScript lets WordPress's own installer fill the database, unless
// it is filled: the database is what decides, not our record. The installer is a
// constant text; what it works with comes on standard input.
const installWordPressScript = `: web-wordpress-install
` + wordpressStamp + `code=$1
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
limit=240
as_site sh -c 'cd "$1" && exec php -d display_errors=stderr -d memory_limit=256M -r "$2"' sh "$root" "$code" >"$t/said" 2>"$t/why"; status=$?
if [ "$status" = 0 ] && head -c 65536 "$t/said" | grep -q '^terraform-ha:done'; then record installed; exit 0; fi
head -c 2000 "$t/said" "$t/why" >&2
exit 1`

// installCode runs under PHP. wp_mail is replaced because the installer would
// tell the administrator by mail, which a new machine cannot send.
const installCode = `
$in = json_decode(stream_get_contents(STDIN), true, 8, JSON_THROW_ON_ERROR);
$url = parse_url($in['url']);
$_SERVER['HTTP_HOST'] = $url['host'] . (isset($url['port']) ? ':' . $url['port'] : '');
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD'] = 'GET';
if ($url['scheme'] === 'https') { $_SERVER['HTTPS'] = 'on'; }
mysqli_report(MYSQLI_REPORT_OFF);
define('WP_INSTALLING', true);
function wp_mail() { return true; }
require getcwd() . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
global $wpdb;
if (!empty($wpdb->error) || !$wpdb->check_connection(false)) { fwrite(STDERR, "cannot reach the database\n"); exit(3); }
if (!is_blog_installed()) {
    if ($in['password'] === '') { fwrite(STDERR, "the administrator's password is not known\n"); exit(4); }
    wp_install($in['title'], $in['user'], $in['email'], true, '', wp_slash($in['password']));
    if (!is_blog_installed()) { fwrite(STDERR, "the installer made no tables: " . $wpdb->last_error . "\n"); exit(5); }
}
if (!wp_get_theme()->exists()) {
    $themes = array_keys(wp_get_themes());
    if (!$themes) { fwrite(STDERR, "there is no theme\n"); exit(6); }
    switch_theme($themes[0]);
}
echo "terraform-ha:done\n";
`

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

func writeWordPressConfig(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		if s.WordPress.DBPassword == "" {
			return fmt.Errorf("cannot write wp-config.php on %s: the database user's password is not known; set it in the configuration", h.Name())
		}
		command := shell.Script(wordpressConfigScript, s.DocumentRoot, s.state(), s.filesOwner(), s.WordPress.settingsDigest(), string(wordpressLoader(s)))
		return run(ctx, h, "write wp-config.php", command.WithStdin(wordpressConfig(s)))
	}
}

// How long WordPress waits for its database: the database tier may be under
// construction at the same time, or under repair.
const (
	newDatabasePatience = 10 * time.Minute
	databasePatience    = 2 * time.Minute
)

// awaitDatabase waits until the database lets WordPress in with the wanted
// password, and stops where a site that was installed has lost its tables.
func awaitDatabase(s Spec, installed bool, limit time.Duration) action {
	return func(ctx context.Context, h *host.Host) error {
		w := s.WordPress
		if w.DBPassword == "" {
			return fmt.Errorf("cannot reach the database from %s: the database user's password is not known; set it in the configuration", h.Name())
		}
		question := shell.Script(`: web-wordpress-database
code=$1; shift
exec timeout 6 php -n -d extension=mysqlnd -d extension=mysqli -r "$code" -- - "$@"`, w.databaseQuestion()...).WithStdin([]byte(w.DBPassword))
		what := fmt.Sprintf("the database %s at %s to let %s in", w.DBName, w.DBHost, w.DBUser)
		said := ""
		err := reconcile.WaitAtMost(ctx, limit, what, time.Second, func(ctx context.Context) (string, error) {
			result, err := h.Query(ctx, question)
			if err != nil {
				return "", err
			}
			switch said = strings.TrimSpace(string(result.Stdout)); said {
			case DatabaseFilled:
				return "", nil
			case DatabaseEmpty:
				if installed {
					return "", reconcile.Stop(databaseLost(s))
				}
				return "", nil
			case DatabaseDenied:
				return "it refuses the account, its password or the database's name", nil
			default:
				return "it does not answer from " + h.Name(), nil
			}
		})
		var waited *reconcile.WaitError
		if errors.As(err, &waited) && said != "" {
			return &DatabaseError{Node: h.Name(), Denied: said == DatabaseDenied, Err: err}
		}
		return err
	}
}

// DatabaseError says that WordPress's database did not let WordPress in.
type DatabaseError struct {
	Node string
	// Denied tells a database that refused from one that did not answer.
	Denied bool
	Err    error
}

// Error says what was waited for, and why in vain.
func (e *DatabaseError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *DatabaseError) Unwrap() error { return e.Err }

func installWordPress(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		w := s.WordPress
		data, err := json.Marshal(map[string]string{
			"url": w.URL, "title": w.Title, "user": w.AdminUser, "email": w.AdminEmail, "password": w.AdminPassword,
		})
		if err != nil {
			return fmt.Errorf("cannot install WordPress on %s: %w", h.Name(), err)
		}
		return run(ctx, h, "install WordPress", shell.Script(installWordPressScript, s.DocumentRoot, s.state(), s.filesOwner(), installCode).WithStdin(data))
	}
}

// wordpressLoader returns the document root's wp-config.php, the same on every node.
// WordPress's command line reads the line that loads wp-settings.php in this file.
func wordpressLoader(s Spec) []byte {
	return fmt.Appendf(nil, `<?php
// Managed by terraform-provider-ha; changes are reverted.
require %s;
if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
`, phpString(s.wordpressSettings()))
}

// wordpressConfig returns WordPress's settings: the same on every node, with the salts
// beside them.
func wordpressConfig(s Spec) []byte {
	w := *s.WordPress
	var b bytes.Buffer
	b.WriteString("<?php\n// Managed by terraform-provider-ha; changes are reverted.\n")
	define := func(name, value string) { fmt.Fprintf(&b, "define('%s', %s);\n", name, phpString(value)) }
	define("DB_NAME", w.DBName)
	define("DB_USER", w.DBUser)
	define("DB_PASSWORD", w.DBPassword)
	define("DB_HOST", w.DBHost)
	define("DB_CHARSET", "utf8mb4")
	define("DB_COLLATE", "")
	define("WP_HOME", w.URL)
	define("WP_SITEURL", w.URL)
	b.WriteString("// A timer runs it, on one node at a time.\ndefine('DISABLE_WP_CRON', true);\n")
	switch w.Updates {
	case UpdatesNone:
		b.WriteString("define('AUTOMATIC_UPDATER_DISABLED', true);\n")
	default:
		b.WriteString("// The updater works in scheduled work only, and so on one node.\ndefine('WP_AUTO_UPDATE_CORE', 'minor');\n")
	}
	b.WriteString("define('DISALLOW_FILE_EDIT', true);\n")
	if s.readOnly() {
		b.WriteString("// Pages may not write them; the timer for updates is another user and says so itself.\n" +
			"if (!defined('DISALLOW_FILE_MODS')) {\n    define('DISALLOW_FILE_MODS', true);\n}\n")
	}
	if strings.HasPrefix(w.URL, "https:") {
		b.WriteString("define('FORCE_SSL_ADMIN', true);\n")
	}
	fmt.Fprintf(&b, "$table_prefix = %s;\n", phpString(w.TablePrefix))
	b.WriteString("require __DIR__ . '/salts.php';\n")
	return b.Bytes()
}

// phpString writes a string of PHP in single quotes, in which only the quote and
// the backslash mean anything.
func phpString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
