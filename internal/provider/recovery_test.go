package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// TestADatabaseIsRecoveredOnTheUsersWord has two of three nodes die for good: the apply
// is refused and shows what to declare, the declared recovery acts once, and a node that
// comes back later gives its data up.
func TestADatabaseIsRecoveredOnTheUsersWord(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	f.ssh = "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 2"
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	config := func(more string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\n"+more))
	}
	word := func(node, missing string, attempt int) string {
		return fmt.Sprintf("recovery = { bootstrap_node = %q, allow_missing = [%s], attempt = %d }\n", node, missing, attempt)
	}
	serve := func(names ...string) func() error {
		return func() (err error) {
			f.locked(func() {
				for _, name := range names {
					if !cluster.Nodes[name].Synced() {
						err = fmt.Errorf("%s is %+v", name, cluster.Nodes[name])
					}
				}
				cluster.Lost("n2", "n3")
			})
			return err
		}
	}
	const setting = "databases = { crm = {} }\n"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config("")},
			{Config: config(word("n9", `"n1"`, 1)), ExpectError: loose(`"n9" is not a key of nodes`)},
			{
				PreConfig: func() {
					f.locked(func() { cluster.Write("n1", 5) })
					f.down("n2", "n3")
					f.locked(func() { cluster.Crash("n2", "n3") })
				},
				Config:      config(setting),
				ExpectError: loose(`(?s)efused to start the cluster:.*did not answer.*declare\s*recovery = \{ bootstrap_node = "n1", allow_missing = \["n2", "n3"\], attempt = 1 \}`),
			},
			{
				Config: config(setting + word("n1", `"n2", "n3"`, 1)), Check: look(serve("n1")),
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
			{
				PreConfig: func() { f.up(); f.warned() },
				Config:    config(setting + word("n1", `"n2", "n3"`, 1)),
				Check: look(func() error {
					if said := f.warned(); !strings.Contains(said, "was set aside at /var/lib/mysql.set-aside-") {
						return fmt.Errorf("the apply said %q", said)
					}
					return serve("n1", "n2", "n3")()
				}),
			},
		},
	})
}
