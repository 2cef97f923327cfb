package machine

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
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
func DefaultUpdates() []Updates {
	return []Updates{
		{Security: true, Suffix: "+lab1", Reboot: "libssl3",
			Packages: []string{"libssl3", "apache2", "php8.2-fpm", "keepalived", "mariadb-server", "glusterfs-server"}},
		{Suffix: "+lab1", Packages: []string{"tzdata"}},
	}
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
