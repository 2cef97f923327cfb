package webtier

import (
	"strings"
	"testing"
	"testing/synctest"
)

// TestASettingThatBreaksEveryPageReachesOneNode has the health endpoint say 200 all
// the time, and a page that is asked for. The node goes on with the settings of before.
func TestASettingThatBreaksEveryPageReachesOneNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, tier, machines, spec := built(t)
		balancer := balancerFor(spec)
		spec.Check = &Check{Path: "/"}
		tier.Breaks = "1M"
		spec.PHPSettings = map[string]string{"memory_limit": "1M"}
		err := convergeSim(t, hosts, spec, balancer)
		if err == nil || !strings.Contains(err.Error(), "/ answers 500 instead of 200, and web2 serves that page as it must") {
			t.Errorf("got %v", err)
		}
		if balancer.modes["10.0.0.11:80"] != "accept" {
			t.Error("visitors are not sent to web1")
		}
		for _, name := range []string{"web1", "web2", "web3"} {
			if !tier.Servers[name].Serving() || strings.Contains(machines[name].Files["/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini"].Content, "1M") {
				t.Errorf("%s was changed", name)
			}
		}
		// What did not help does not get further than that either.
		spec.PHPSettings["memory_limit"] = "11M"
		if err := convergeSim(t, hosts, spec, balancer); err == nil || !strings.Contains(err.Error(), "web1") || balancer.modes["10.0.0.11:80"] != "accept" || !tier.Servers["web1"].Serving() {
			t.Errorf("got %v, %v", err, balancer.modes)
		}
		spec.PHPSettings["memory_limit"] = "512M"
		if err := convergeSim(t, hosts, spec, balancer); err != nil {
			t.Fatal(err)
		}
		if err := Verify(t.Context(), hosts.Views(), spec.Defaulted()); err != nil {
			t.Error(err)
		}
	})
}

// TestAPageThatNobodyServesHoldsNothingUp is a site whose database is away: the change
// may be its cure. Verify is what says so.
func TestAPageThatNobodyServesHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, tier, _, spec := built(t)
		spec.Check = &Check{Path: "/"}
		spec.ServerName = "shop.example.org"
		tier.Breaks = "memory_limit"
		if err := convergeSim(t, hosts, spec, balancerFor(spec)); err != nil {
			t.Fatal(err)
		}
		if err := Verify(t.Context(), hosts.Views(), spec.Defaulted()); err == nil || !strings.Contains(err.Error(), "web1: / answers 500 instead of 200; web2") {
			t.Errorf("got %v", err)
		}
	})
}

// TestAMachineServesAPageBeforeVisitorsCome needs no check of the user's.
func TestAMachineServesAPageBeforeVisitorsCome(t *testing.T) {
	_, _, machines, spec := built(t)
	for _, node := range spec.Nodes {
		asked := 0
		for _, command := range machines[node.Name].Commands() {
			if command.Label() == "web-ask-page" {
				asked++
			}
		}
		if asked != 1 {
			t.Errorf("%s was asked for %d pages", node.Name, asked)
		}
	}
}
