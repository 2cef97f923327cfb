package floatingip_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabSecondDayOfSystems updates and reboots three machines, the holder last, while a
// client opens connections at the address.
func TestLabSecondDayOfSystems(t *testing.T) {
	labtest.SecondDay(t)
	lab := labtest.Boot(t, "keepalived-systems", "db1", "db2", "db3", probe)
	s := &site{Lab: lab, t: t, hosts: host.Hosts{}}
	names := []string{"db1", "db2", "db3"}
	for _, name := range names {
		s.hosts[name] = lab.Hosts[name]
	}
	s.spec = floatingip.Spec{Name: "db", Address: "10.88.0.100/24", Nodes: lab.Nodes[:3], Check: floatingip.Check{Kind: floatingip.CheckTCP, Port: 22}, AuthSecret: "s3cret.."}.Defaulted()
	s.converge()
	first := s.holder()
	before, held := map[string]string{}, map[string]string{}
	for _, name := range names {
		before[name], held[name] = lab.BootName(name), s.Run(name, "apt-mark showhold")
	}
	library := lab.Debian("db1").OpenSSL
	lab.OfferUpdates(names, machine.Updates{Security: true, Suffix: "+lab1", Reboot: library, Packages: []string{library, "keepalived"}})
	s.spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	if drift := s.drift(); len(drift) != 3 || !strings.Contains(strings.Join(drift[first], "; "), "security updates are due: keepalived ") {
		t.Errorf("drift %v", drift)
	}
	stop := s.connects("updates and reboots", 3*time.Second)
	begin := time.Now()
	s.converge()
	t.Logf("TIME three machines updated and rebooted: %s", time.Since(begin).Round(time.Second))
	stop()
	s.empty()
	for _, name := range names {
		versions := s.Run(name, "dpkg-query -W -f '${Version} ' keepalived "+library)
		if lab.BootName(name) == before[name] || strings.Count(versions, "+lab1") != 2 || s.Run(name, "apt-mark showhold") != held[name] {
			t.Errorf("%s has %q, %q on hold", name, versions, s.Run(name, "apt-mark showhold"))
		}
	}
	if now := s.holder(); now == first {
		t.Errorf("%s holds the address after its reboot", now)
	}
}
