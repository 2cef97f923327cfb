package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// TestADeadDatabaseNodeLeavesTheRest has one node of three dead: passwords and
// databases change on the others, with a word about the dead one. What would leave
// too few nodes serving is refused, and the dead node gets all of it in the end.
func TestADeadDatabaseNodeLeavesTheRest(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	f.ssh = "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 2"
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	config := func(version int, more string) string {
		return f.config(f.resource("ha_galera_cluster", fmt.Sprintf("name = \"shop\"\nusers = { shop = { hosts = [\"%%\"], password_wo = \"pa55w0rd-%d\", password_wo_version = %[1]d } }\n%[2]s", version, more)))
	}
	const address, setting = "ha_galera_cluster.t", "settings = { back_log = \"333\" }\n"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config(1, "")},
			{
				PreConfig: func() {
					f.down("n3")
					f.locked(func() { cluster.Crash("n3") })
					f.warned()
				},
				Config: config(2, "databases = { crm = {} }\n"),
				Check: look(func() (err error) {
					f.locked(func() {
						h := cluster.Nodes["n1"].History
						if _, made := h.Databases["crm"]; !made || h.Accounts["shop@%"].Password != hashed("pa55w0rd-2") {
							err = fmt.Errorf("databases %v, password %q", h.Databases, h.Accounts["shop@%"].Password)
						}
					})
					if said := f.warned(); !strings.Contains(said, "Node n3 Was Left Out") || !strings.Contains(said, "Left for n3: its files") {
						err = fmt.Errorf("the apply said %q", said)
					}
					return err
				}),
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
			{Config: config(2, "databases = { crm = {} }\n"+setting), ExpectError: loose(`(?s)Unable to Update.*too few nodes\. Repair n3 first`)},
			{
				PreConfig:        f.up,
				Config:           config(2, "databases = { crm = {} }\n"+setting),
				ConfigPlanChecks: before(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
				Check: look(func() (err error) {
					f.locked(func() {
						for name, node := range cluster.Nodes {
							if !node.Synced() || !strings.Contains(node.Config, "back_log = 333") {
								err = fmt.Errorf("%s is %+v", name, node)
							}
						}
					})
					return err
				}),
			},
		},
	})
}
