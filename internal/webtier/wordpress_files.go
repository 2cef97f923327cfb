package webtier

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	copyWordPressScript    = shell.Embedded(scripts, "wordpress-copy")
	restoreWordPressScript = shell.Embedded(scripts, "wordpress-restore")
)

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

var insideScript = shell.Embedded(scripts, "inside")

// coreFiles are files that every WordPress has, of each of its parts: all would be a
// look at thousands. Of some the distribution's package has links into others. They have
// to be at the same place in every version, which those within SimplePie are not.
const coreFiles = `index.php wp-load.php wp-settings.php wp-cron.php wp-login.php wp-blog-header.php wp-includes/version.php ` +
	`wp-includes/load.php wp-includes/functions.php wp-includes/plugin.php wp-includes/post.php wp-includes/query.php ` +
	`wp-includes/PHPMailer/PHPMailer.php wp-includes/class-simplepie.php wp-includes/ID3/getid3.php wp-includes/certificates/ca-bundle.crt ` +
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
