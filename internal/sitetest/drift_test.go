package sitetest

import (
	"context"
	"strings"
	"testing"
	"time"
)

// deviation is something that a hand has changed, and how it is found.
type deviation struct {
	what string
	node string
	// change makes it; it is a script.
	change string
	// kind is the resource that tells it, in the words said, of the node at: the
	// one that apply will repair it on.
	kind, at, said string
	// gone is a script that fails until it is repaired.
	gone string
}

const (
	countUsers = `mariadb --batch --skip-column-names --execute "SELECT COUNT(*) FROM mysql.global_priv WHERE user = 'wordpress'"`
)

func deviations() []deviation {
	return []deviation{
		{"service stopped", "db3", "systemctl stop mariadb", "ha_galera_cluster", "db3", "mariadb is stopped", "systemctl is-active mariadb"},
		{"file edited", "db1", "echo '# by hand' >> /etc/keepalived/keepalived.conf", "ha_floating_ip", "db1", "keepalived.conf differs",
			"! grep 'by hand' /etc/keepalived/keepalived.conf"},
		// A machine mounts what is gone by itself within some seconds, so that stops, too.
		{"mount gone", "web2", "systemctl stop terraform-ha-web-mount.timer terraform-ha-web-mount.service; umount --lazy /srv/www", "ha_web_tier", "web2",
			"is not mounted at /srv/www", "findmnt --types fuse.glusterfs /srv/www && systemctl is-active terraform-ha-web-mount.timer"},
		{"file edited", "web2", "f=$(grep -l DocumentRoot /etc/apache2/sites-enabled/*); echo '# by hand' >> \"$f\"", "ha_web_tier", "web2", "terraform-ha-website.conf differs",
			"! grep -r 'by hand' /etc/apache2/"},
		{"option changed", "files2", "gluster --mode=script volume set content performance.cache-size 64MB", "ha_gluster_volume", "cluster", "performance.cache-size",
			`gluster volume get content performance.cache-size | grep 256MB`},
		{"user dropped", "db2", `mariadb --execute "DROP USER wordpress@'10.0.0.0/255.255.255.0'"`, "ha_galera_cluster", "db1", "user wordpress@10.0.0.0/255.255.255.0 is missing",
			`[ "$(` + countUsers + `)" = 1 ]`},
	}
}

// drift makes every tier differ, and expects each difference in the plan and
// none after an apply.
func (s *site) drift(t *testing.T) {
	for _, each := range deviations() {
		t.Logf("%s on %s: %s", each.what, each.node, each.change)
		s.sh(t, each.node, each.change)
	}
	started := time.Now()
	plan := s.plan(t)
	took(t, "the plan that finds it all", started)
	plan.wantNoDestruction(t)
	if plan.exit != 2 {
		t.Fatalf("the plan is empty:\n%s", plan.said)
	}
	for _, each := range deviations() {
		said := plan.drift(each.kind, each.at)
		if !strings.Contains(strings.ToLower(said), strings.ToLower(each.said)) {
			t.Errorf("%s on %s: %s says of %s %q, without %q", each.what, each.node, each.kind, each.at, said, each.said)
			continue
		}
		t.Logf("%s on %s: %s", each.what, each.at, said)
	}
	s.apply(t, "apply that repairs it all")
	for _, each := range deviations() {
		s.until(t, "repaired: "+each.what+" on "+each.node, 10*time.Second, func(ctx context.Context) error {
			_, err := s.ask(ctx, each.node, each.gone)
			return err
		})
	}
	s.wantWhole(t)
	s.wantEmpty(t, "after the repair")
	s.wantWordPress(t)
}
