package floatingip_test

import (
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// maintains takes the holder out of service, boots it, and puts it back: once by the
// floating IP's own attribute, and once by a record of a database on the same machine. Each step
// of putting it back is cut short.
func (s *site) maintains() {
	before := s.spec
	from, to := s.gap("maintenance", func(node string) {
		s.spec.Maintenance = map[string]tier.Maintenance{node: tier.Drained}
		s.converge()
	}, 12*time.Second)
	s.empty()
	s.must(s.PowerOff(from))
	s.must(s.PowerOn(from))
	s.Until(time.Minute, "keepalived to run again", func() string {
		return s.unless(from, "[ \"$(cat /run/terraform-ha/vrrp/db)\" = FAULT ]", "it does not")
	})
	s.stays(to, "the machine in maintenance has booted")
	s.empty()
	s.spec.Maintenance[to] = tier.Drained
	last := ""
	for _, node := range s.spec.Nodes {
		if node.Name != from && node.Name != to {
			last = node.Name
		}
	}
	s.Run(last, "rm /var/tmp/app")
	s.Until(15*time.Second, "its check to fail", func() string { return s.unless(last, "[ \"$(cat /run/terraform-ha/vrrp/db)\" = FAULT ]", "it passes") })
	if _, err := floatingip.Diff(s.spec, s.observe()); err == nil || !strings.Contains(err.Error(), "take the only machine out of service") {
		s.t.Errorf("the only possible holder is taken out of service: %v", err)
	}
	s.Run(last, "touch /var/tmp/app")
	s.spec = before
	s.convergeInPieces()
	s.stays(to, "maintenance has ended")

	database := tier.MaintenanceFile("galera", "shop")
	from, to = s.gap("maintenance of a database", func(node string) { s.Run(node, "echo stopped >"+database) }, 12*time.Second)
	s.empty()
	s.Run(from, "rm "+database)
	s.stays(to, "the database is back")
}
