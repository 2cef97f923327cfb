package webtier

import (
	"context"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// welcomePage is the shell that knows the page which Debian's Apache puts into
// /var/www/html when it is installed. It is nobody's site, and in the way of one that
// is to lie there. A page that somebody has changed is another matter.
const welcomePage = `welcome=/var/www/html/index.html
is_welcome() { cmp -s -- "$welcome" /usr/share/apache2/default-site/index.html; }
# Prints a file of the directory that is not that page.
filled() {
case $1 in /var/www | /var/www/html) ;; *) ls -A -- "$1" | head -n 1; return ;; esac
find "$1" -mindepth 1 ! -path /var/www/html ! -path "$welcome" -print -quit
[ ! -e "$welcome" ] || is_welcome || echo "$welcome"
}
remove_welcome() {
is_welcome && rm -f -- "$welcome"
[ "$1" = /var/www/html ] || rmdir -- /var/www/html 2>/dev/null
:
}
`

// installPackages keeps Apache from serving the distribution's welcome page
// before it is configured: a balancer could take that for the site.
func installPackages(missing []string) action {
	return func(ctx context.Context, h *host.Host) error {
		if err := h.InstallPackages(ctx, missing, apacheUnit); err != nil || !slices.Contains(missing, "apache2") {
			return err
		}
		return run(ctx, h, "remove the distribution's page", shell.Script(`: web-remove-welcome
`+welcomePage+`remove_welcome /var/www/html`))
	}
}
