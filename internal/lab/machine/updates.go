package machine

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
)

//go:embed scripts/updates.sh
var updatesScript embed.FS

// Updates are newer versions of packages, with the contents that they have now.
type Updates struct {
	// Packages are what they are of, with all packages of the same sources. A package that
	// the machines have from their beginning comes alone.
	Packages []string
	// Suffix is what the newer versions end with: "+lab1".
	Suffix string
	// Security says that the archive is one for security, as Debian's has that label.
	Security bool
	// Reboot is the package whose installation asks for a reboot; empty for none.
	Reboot string
}

// DefaultUpdates are updates of what the tiers run, and of a library and of data that every
// machine has: for security, with a library that asks for a reboot, and others.
func DefaultUpdates(release image.Release) []Updates {
	return []Updates{
		{Security: true, Suffix: "+lab1", Reboot: release.OpenSSL,
			Packages: []string{release.OpenSSL, "apache2", release.PHP, "keepalived", "mariadb-server", "glusterfs-server"}},
		{Suffix: "+lab1", Packages: []string{"tzdata"}},
	}
}

// Debian returns the release of Debian that a machine has.
func (r *Region) Debian(ctx context.Context, id int) (image.Release, error) {
	number, err := r.Exec(ctx, id, []string{"sh", "-c", `. /etc/os-release; printf %s "$VERSION_ID"`}, nil)
	if err != nil {
		return image.Release{}, fmt.Errorf("cannot read the release of machine %d: %w", id, err)
	}
	return image.ReleaseOf(string(number))
}

// OfferUpdates makes an archive with newer versions on a machine and has apt read its list.
// It takes a second or two, and nothing is installed. The next updates of the same kind come
// beside those before, with a newer suffix such as "+lab2".
func (r *Region) OfferUpdates(ctx context.Context, id int, updates Updates) error {
	if updates.Suffix == "" || slices.Contains(updates.Packages, "") {
		return fmt.Errorf("cannot offer updates on machine %d: they have no suffix, or a package has no name", id)
	}
	script, err := updatesScript.ReadFile("scripts/updates.sh")
	if err != nil {
		return fmt.Errorf("cannot offer updates on machine %d: %w", id, err)
	}
	kind, reboot := "other", "-"
	if updates.Security {
		kind = "security"
	}
	if updates.Reboot != "" {
		reboot = updates.Reboot
	}
	argv := append([]string{"sh", "-s", "--", kind, updates.Suffix, reboot}, updates.Packages...)
	if _, err := r.Exec(ctx, id, argv, strings.NewReader(string(script))); err != nil {
		return fmt.Errorf("cannot offer updates on machine %d: %w", id, err)
	}
	return nil
}
