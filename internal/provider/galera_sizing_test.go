package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// TestWhatFollowsFromTheMachine creates a cluster, resizes one of its machines and
// sets by hand what followed from them. What it is shows in the state, and the plan
// has it unknown only where the declaration changes it.
func TestWhatFollowsFromTheMachine(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	const address = "ha_galera_cluster.t"
	config := func(more string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\n"+more))
	}
	derived := func(node, setting, want string) resource.TestCheckFunc {
		return resource.TestCheckResourceAttr(address, "derived_settings."+node+"."+setting, want)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{
				Config: config(""),
				Check: resource.ComposeAggregateTestCheckFunc(
					derived("n1", "innodb_buffer_pool_size", "768M (2 GiB of memory)"), derived("n2", "max_connections", "200 (2 GiB of memory)"),
					derived("n3", "wsrep_slave_threads", "4 (2 cores)"), derived("n3", "gcache.size", "2G (a file system of 35 to 110 GiB)"),
				),
			},
			{Config: config(""), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
			{
				PreConfig: func() {
					f.locked(func() { f.machines["n2"].Facts.MemoryMiB, cluster.Nodes["n2"].Disk = 7936, 157<<30 })
				},
				RefreshState: true, ExpectNonEmptyPlan: true,
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckResourceAttr(address, "drift.n2.0", "70-ha.cnf has innodb_buffer_pool_size = 768M, max_connections = 200 (2 GiB of memory); gcache.size = 2G (a file system of 35 to 110 GiB), "+
						"and the machine now asks for innodb_buffer_pool_size = 5G, max_connections = 800 (8 GiB of memory); gcache.size = 4G (a file system of 110 to 270 GiB)"),
					derived("n2", "innodb_buffer_pool_size", "5G (8 GiB of memory)"), resource.TestCheckNoResourceAttr(address, "drift.n1.0"),
				),
			},
			{
				Config: config(""),
				Check: resource.ComposeAggregateTestCheckFunc(
					derived("n2", "innodb_buffer_pool_size", "5G (8 GiB of memory)"), derived("n1", "innodb_buffer_pool_size", "768M (2 GiB of memory)"),
				),
			},
			{
				Config: config(`settings = { max_connections = "300" }`),
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckNoResourceAttr(address, "derived_settings.n1.max_connections"), derived("n2", "innodb_buffer_pool_size", "5G (8 GiB of memory)"),
				),
			},
		},
	})
}
