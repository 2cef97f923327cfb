package webtier

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// settingsDigest is of everything that wp-config.php is made from, save the
// passwords, which are not known when the site is only looked at.
func (w WordPress) settingsDigest() string {
	return host.Digest(fmt.Appendf(nil, "3\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%d\n", w.DBHost, w.DBName, w.DBUser, w.TablePrefix, w.URL, w.Updates, w.ProgramFiles, w.PasswordVersion))[:16]
}

// ours reports whether wp-config.php is the one that is written here, even if our
// record is lost.
func (w WordPressStatus) ours(s Spec) bool { return w.Loader == host.Digest(wordpressLoader(s)) }

func configReasons(s Spec, seen WordPressStatus) []string {
	switch {
	case !seen.Config.Exists:
		return []string{"WordPress has no configuration"}
	case seen.Rendered != s.WordPress.settingsDigest():
		return []string{"WordPress has other settings"}
	case seen.Unsalted:
		return []string{"WordPress has no salts"}
	case seen.Config.SHA256 != seen.ConfigSHA256:
		return []string{"WordPress's configuration was edited"}
	case !slices.Equal([]string{seen.Config.Mode, seen.Config.Owner, seen.Config.Group}, []string{"0640", "root", siteUser}):
		return []string{fmt.Sprintf("WordPress's configuration has mode %s %s:%s instead of 0640 root:%s", seen.Config.Mode, seen.Config.Owner, seen.Config.Group, siteUser)}
	case seen.Loader == "":
		return []string{"wp-config.php is missing"}
	case !seen.ours(s):
		return []string{"wp-config.php was edited"}
	}
	return nil
}

// wordpressSettings is the file with WordPress's settings and passwords. It lies
// outside of the document root, where no request can reach it and the site cannot
// change it.
func (s Spec) wordpressSettings() string { return path.Join(s.state(), "wordpress.php") }

var wordpressConfigScript = shell.Embedded(scripts, "wordpress-config")

func writeWordPressConfig(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		if s.WordPress.DBPassword == "" {
			return fmt.Errorf("cannot write wp-config.php on %s: the database user's password is not known; set it in the configuration", h.Name())
		}
		command := shell.Script(wordpressConfigScript, s.DocumentRoot, s.state(), s.filesOwner(), s.WordPress.settingsDigest(), string(wordpressLoader(s)))
		return run(ctx, h, "write wp-config.php", command.WithStdin(wordpressConfig(s)))
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
