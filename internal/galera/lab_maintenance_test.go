package galera

import (
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// takesOutAndPutsBack stops db3 for maintenance while db1 is written to, boots it, and
// puts it back, in steps that are cut short. It has a floating address of ours, which db1 can
// take: Keepalived's part is played by two loops.
func (s *site) takesOutAndPutsBack() {
	const published = "echo 'address 10.88.0.100/24' >/var/lib/terraform-ha/floating-ip-db.addresses\n"
	record := tier.MaintenanceFile(markerKind, s.spec.Name)
	s.Run("db3", published+"ip addr add 10.88.0.100/24 dev eth1\nnohup sh -c 'until [ -e "+record+" ]; do sleep 0.1; done; ip addr del 10.88.0.100/24 dev eth1' >/dev/null 2>&1 & :")
	s.Run("db1", published+"systemd-run --quiet --unit=keepalived sleep infinity")
	transfers := s.transfers()
	stop := s.writer("db1", "maintained")
	before := s.spec
	s.spec.Maintenance = map[string]tier.Maintenance{"db3": tier.Stopped}
	s.convergeInPieces()
	if state := s.Run("db3", "ip -o addr show to 10.88.0.100/32; systemctl is-active mariadb || :"); state != "inactive" {
		s.t.Errorf("db3 says %s", state)
	}
	labMust(s.t, s.PowerOff("db3"))
	labMust(s.t, s.PowerOn("db3"))
	s.Until(time.Minute, "db3 to have booted", func() string {
		return strings.Trim(s.Run("db3", "systemctl is-system-running --wait || :"), "adeginru \n")
	})
	if state := s.Run("db3", "systemctl is-enabled mariadb || :; systemctl is-active mariadb || :; systemctl start mariadb 2>&1 || :"); !strings.HasPrefix(state, "masked\ninactive\nFailed to start") {
		s.t.Errorf("after its boot db3 says %s", state)
	}
	s.converge() // nothing brings it back
	s.spec = before
	back := labtest.Time(s.t, "put back into service")
	s.convergeInPieces()
	back()
	commits, failures, gap := stop()
	s.t.Logf("TIME maintenance: %d commits through another node, %d failed, longest gap %.2f s", commits, failures, gap)
	if failures > 0 || gap > 5 {
		s.t.Errorf("%d commits failed, longest gap %.2f s", failures, gap)
	}
	s.everywhere("maintained", commits)
	if after := s.transfers(); after != transfers {
		s.t.Errorf("there were %d full state transfers before and %d after", transfers, after)
	}
	for _, node := range []string{"db1", "db3"} {
		s.Run(node, "rm /var/lib/terraform-ha/floating-ip-db.addresses; systemctl stop keepalived 2>/dev/null || :")
	}
}
