package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// TestAnApplyStopsAsAsked changes one node with each apply. What the others lack is drift
// until the last one.
func TestAnApplyStopsAsAsked(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	const address = "ha_galera_cluster.t"
	config := func(more string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\nusers = { shop = { hosts = [\"10.0.0.0/24\"] } }\nrolling = { first = \"n2\", stop_after = 1, bake_seconds = 1 }\n"+more))
	}
	const setting = "settings = { back_log = \"333\" }\n"
	changed := func(want ...string) resource.TestCheckFunc {
		return look(func() error {
			var got []string
			f.locked(func() {
				for _, name := range f.names() {
					if strings.Contains(cluster.Nodes[name].Config, "back_log = 333") {
						got = append(got, name)
					}
				}
			})
			if fmt.Sprint(got) != fmt.Sprint(want) {
				return fmt.Errorf("%v were changed, not %v", got, want)
			}
			if said := f.warned(); len(want) < 3 && !strings.Contains(said, "Apply Stopped As Asked") {
				return fmt.Errorf("the apply said %q", said)
			}
			return nil
		})
	}
	one := func(node string) string { return node + " restart incremental; 1 restarts, 2 of 3 members, quorum 2" }
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{
				Config:      strings.Replace(config(setting), `first = "n2"`, `first = "n7"`, 1),
				ExpectError: loose(`There is no node "n7" in nodes`),
			},
			{
				Config:      strings.Replace(config(setting), `first = "n2"`, `check_url = "www.example.org"`, 1),
				ExpectError: loose(`(?i)URL with http or https`),
			},
			{Config: config("")},
			{
				Config: config(setting), ExpectNonEmptyPlan: true,
				ConfigPlanChecks: before(rollsOut(address, one("n2"))),
				Check:            resource.ComposeTestCheckFunc(changed("n2"), resource.TestCheckResourceAttr(address, "drift.%", "2")),
			},
			{
				Config: config(setting), ExpectNonEmptyPlan: true,
				ConfigPlanChecks: before(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), rollsOut(address, one("n1"))),
				Check:            resource.ComposeTestCheckFunc(changed("n1", "n2"), resource.TestCheckResourceAttr(address, "drift.%", "1")),
			},
			{
				Config:           config(setting),
				ConfigPlanChecks: before(rollsOut(address, one("n3"))),
				Check:            resource.ComposeTestCheckFunc(changed("n1", "n2", "n3"), resource.TestCheckResourceAttr(address, "drift.%", "0")),
			},
		},
	})
}
