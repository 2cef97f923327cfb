package webtier

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	ofLab "github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestLabSecondDayOfSystems updates and reboots three servers while visitors load pages. The
// apply is interrupted while the first one boots, and another one goes on.
func TestLabSecondDayOfSystems(t *testing.T) {
	labtest.SecondDay(t)
	const visitor = "visitor"
	lab := labtest.Boot(t, "webtier-systems", "web1", "web2", "web3", visitor)
	s := &site{Lab: lab, t: t}
	off, drain := false, 15
	spec := Spec{Name: "shop", Nodes: lab.Nodes[:3], DocumentRoot: "/srv/www/site", PHP: &off, DrainSeconds: &drain}
	front := &visitedBalancer{t: t, lab: lab, visitor: visitor, modes: map[string]string{}}
	hosts := host.Hosts{}
	names := []string{"web1", "web2", "web3"}
	for _, name := range names {
		hosts[name] = lab.Hosts[name]
	}
	open := func() *Cluster { return Open(Target{Hosts: hosts, Balancer: front}, spec, nil) }
	must(t, open().Converge(t.Context(), labtest.NewSteps(t)))
	for _, name := range names {
		s.Run(name, "echo page >/srv/www/site/index.html; head -c 4000000 /dev/zero >/srv/www/site/large")
	}
	front.declare(spec)
	before, held := map[string]string{}, map[string]string{}
	for _, name := range names {
		before[name], held[name] = lab.BootName(name), s.Run(name, "apt-mark showhold")
	}
	lab.OfferUpdates(names, ofLab.Updates{Security: true, Suffix: "+lab1", Reboot: "libssl3", Packages: []string{"libssl3", "apache2"}},
		ofLab.Updates{Suffix: "+lab1", Packages: []string{"tzdata"}})
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	planned := open()
	planned.Observe(t.Context())
	drift, err := planned.Drift()
	must(t, err)
	t.Logf("due: %v", drift)
	if len(drift) != 3 || !strings.Contains(strings.Join(drift["web2"], "; "), "security updates are due: apache2 ") {
		t.Errorf("drift %v", drift)
	}

	visits := front.visits("updates and reboots")
	begin := time.Now()
	ctx, interrupt := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			//nolint:contextcheck // the lab's commands end with the test
			if out, err := lab.Exec("web1", "systemctl is-system-running || true", nil); err != nil || strings.HasPrefix(out, "stopping") {
				interrupt()
			}
		}
	}()
	err = open().Converge(ctx, labtest.NewSteps(t))
	interrupt()
	<-done
	t.Logf("interrupted after %s: %v", time.Since(begin).Round(time.Second), err)
	if err == nil {
		t.Error("the apply was not interrupted")
	}
	// An apply of the provider waits for that, too.
	lab.Until(2*time.Minute, "web1 to answer after another boot", func() string {
		now, _, err := lab.Hosts["web1"].Boot(t.Context())
		switch {
		case err != nil:
			return err.Error()
		case now == before["web1"]:
			return "it shuts down"
		}
		return ""
	})
	must(t, open().Converge(t.Context(), labtest.NewSteps(t)))
	t.Logf("TIME three machines updated and rebooted, once interrupted: %s", time.Since(begin).Round(time.Second))
	visits()

	for _, name := range names {
		if now := lab.BootName(name); now == before[name] {
			t.Errorf("%s was not rebooted", name)
		}
		versions := strings.Fields(s.Run(name, "dpkg-query -W -f '${Version} ' apache2 apache2-bin libssl3 tzdata"))
		if got := slices.DeleteFunc(slices.Clone(versions), func(v string) bool { return !strings.HasSuffix(v, "+lab1") }); len(got) != 3 {
			t.Errorf("%s has %v", name, versions)
		}
		if now := s.Run(name, "apt-mark showhold"); now != held[name] {
			t.Errorf("%s holds %q, and before %q", name, now, held[name])
		}
	}
	settled := open()
	settled.Observe(t.Context())
	if drift, err := settled.Drift(); err != nil || len(drift) > 0 {
		t.Errorf("left: %v, %v", drift, err)
	}
}
