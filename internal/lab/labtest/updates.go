package labtest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// OfferUpdates has newer versions of packages appear in an archive on machines, which have
// read its list then. Without any it takes those of [machine.DefaultUpdates].
func (l *Lab) OfferUpdates(names []string, offered ...machine.Updates) {
	l.t.Helper()
	for _, name := range names {
		of := offered
		if len(of) == 0 {
			of = machine.DefaultUpdates(l.Debian(name))
		}
		for _, updates := range of {
			must(l.t, l.region.OfferUpdates(l.t.Context(), l.id(name), updates))
		}
	}
}

// Debian is the release of Debian that a machine has.
func (l *Lab) Debian(name string) image.Release {
	l.t.Helper()
	release, err := l.region.Debian(l.t.Context(), l.id(name))
	must(l.t, err)
	return release
}

// OfferOlder has the releases before the newest ones appear in an archive on machines, beside
// the newest ones. It returns the versions of a package, the older one first, and skips the
// test where Debian had only one when the image was built.
func (l *Lab) OfferOlder(name string, machines ...string) (older, newest string) {
	l.t.Helper()
	for _, on := range machines {
		l.Run(on, "echo 'deb [trusted=yes] file:/var/lib/lab/apt-older ./' >/etc/apt/sources.list.d/lab-older.list; apt-get -qq update")
		versions := strings.Fields(l.Run(on, "apt-cache madison "+name+" | awk '{ print $3 }'"))
		if len(versions) < 2 {
			l.t.Skipf("Debian's archives had one version of %s when the image was built: %v", name, versions)
		}
		older, newest = versions[1], versions[0]
	}
	return older, newest
}

// BootName is what changes with each boot of a machine.
func (l *Lab) BootName(name string) string {
	l.t.Helper()
	boot, _, err := l.Hosts[name].Boot(l.t.Context())
	must(l.t, err)
	return boot
}
