package labtest

import (
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// OfferUpdates has newer versions of packages appear in an archive on machines, which have
// read its list then. Without any it takes those of [machine.DefaultUpdates].
func (l *Lab) OfferUpdates(names []string, offered ...machine.Updates) {
	l.t.Helper()
	if len(offered) == 0 {
		offered = machine.DefaultUpdates()
	}
	for _, name := range names {
		for _, updates := range offered {
			must(l.t, l.region.OfferUpdates(l.t.Context(), l.id(name), updates))
		}
	}
}

// BootName is what changes with each boot of a machine.
func (l *Lab) BootName(name string) string {
	l.t.Helper()
	boot, _, err := l.Hosts[name].Boot(l.t.Context())
	must(l.t, err)
	return boot
}
