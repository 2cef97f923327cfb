package webtier

import (
	"context"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// outdated reports whether the declared archive is another one than the site was last
// made or updated from. The distribution's package has no say once it was copied: what
// it holds is as old as the distribution.
func (w WordPress) outdated(seen WordPressStatus) bool {
	return !w.fromPackage() && seen.Installed && seen.Source != w.SHA256
}

var updateWordPressScript = shell.Embedded(scripts, "wordpress-update")

var (
	// updateCode replaces the files, from an archive that was unpacked.
	updateCode = phpCode("load", "update")
	// upgradeCode changes the database to what the new files want, where it has to be.
	upgradeCode = phpCode("load", "upgrade")
)

func updateWordPress(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		w := s.WordPress
		return h.RunDetached(ctx, "update WordPress in "+s.DocumentRoot,
			shell.Script(updateWordPressScript, s.DocumentRoot, s.state(), s.filesOwner(), w.Source, w.SHA256, updateCode, upgradeCode))
	}
}
