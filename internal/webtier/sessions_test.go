package webtier

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// TestSessionsAreShared begins with sessions of each node's own.
func TestSessionsAreShared(t *testing.T) {
	hosts, tier, machines, spec := built(t)
	spec.Sessions = SessionsShared
	if drift := fmt.Sprint(planSim(t, hosts, spec).Drift()); !strings.Contains(drift, "srv-www.mount differs") {
		t.Errorf("the plan says %s", drift)
	}
	if err := convergeSim(t, hosts, spec, nil); err != nil {
		t.Fatal(err)
	}
	if plan := planSim(t, hosts, spec); !plan.Empty() || !tier.Volume.Sessions {
		t.Errorf("left: %v", plan.Drift())
	}
	tier.Volume.Sessions = false
	if drift := fmt.Sprint(planSim(t, hosts, spec).Drift()); !strings.Contains(drift, "/srv/www/.terraform-ha/shop/sessions is not there for www-data alone") {
		t.Errorf("the plan says %s", drift)
	}
	ini := machines["web3"].Files["/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini"].Content
	for _, want := range []string{`session.save_path = "/srv/www/.terraform-ha/shop/sessions"`, `session.gc_probability = "1"`} {
		if !strings.Contains(ini, want) {
			t.Errorf("no %s in\n%s", want, ini)
		}
	}
	const unit = "/etc/systemd/system/srv-www.mount"
	if content := machines["web1"].Files[unit].Content; !strings.Contains(content, ",attribute-timeout=0,entry-timeout=0,xlator-option=*-quick-read.cache-timeout=0\n") {
		t.Errorf("mounted by\n%s", content)
	}
	if local := string(phpFiles(good().Defaulted(), "8.2", host.Facts{})[0].Content); !strings.Contains(local, `session.save_path = "/var/lib/php/sessions"`) {
		t.Errorf("by default:\n%s", local)
	}
}

// TestTheDirectoryOfSessionsIsTheSitesAlone makes it, by the script itself.
func TestTheDirectoryOfSessionsIsTheSitesAlone(t *testing.T) {
	h := newHostile(t)
	s := h.spec
	s.Sessions = SessionsShared
	must(t, prepareRoot(s, Identity{})(t.Context(), h.host))
	node := h.seen(t, s)
	if node.Mount.Sessions != "700 www-data" {
		t.Errorf("seen: %q", node.Mount.Sessions)
	}
	if info, err := os.Stat(s.sessions()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}
