package sitetest

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// updateAll has newer packages offered to every machine, one of which asks for a reboot,
// and installs them in one apply while visitors come.
func (s *site) updateAll(t *testing.T) {
	const boot = "systemctl show --value --property UserspaceTimestampMonotonic"
	s.variables["os"] = `{"updates": "all", "reboot": "if-required"}`
	s.saveDeclared(t)
	s.apply(t, "apply that declares os, before there are updates")
	boots := map[string]string{}
	together(t, s.nodes(), func(name string) error {
		release, err := s.hardware.Debian(t.Context(), s.machines[name])
		if err != nil {
			return err
		}
		for _, offered := range machine.DefaultUpdates(release) {
			if err := s.hardware.OfferUpdates(t.Context(), s.machines[name], offered); err != nil {
				return err
			}
		}
		return nil
	})
	for _, name := range s.nodes() {
		boots[name] = s.sh(t, name, boot)
	}
	if due := s.plan(t); strings.Count(due.said, "updates are due") < len(s.nodes()) {
		t.Errorf("the plan does not say of each machine that updates are due:\n%s", due.said)
	}
	probe := s.startProbe(t)
	s.apply(t, "apply of updates and reboots of all machines")
	s.wantServed(t, probe, "while all machines were updated and rebooted")
	for _, name := range s.nodes() {
		if s.sh(t, name, boot) == boots[name] {
			t.Errorf("%s was not rebooted", name)
		}
		if left := s.sh(t, name, "apt-get --simulate --allow-change-held-packages dist-upgrade | grep '^Inst .*+lab1' || true"); left != "" {
			t.Errorf("%s still has to install:\n%s", name, left)
		}
	}
	s.wantWhole(t)
	s.wantKept(t, probe)
	s.wantEmpty(t, "after updates and reboots")
}
