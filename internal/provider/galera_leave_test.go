package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// TestDatabasesComeAndGo takes a cluster from three nodes to five and back, once with a
// fault in the middle, and lets one of those that leave be dead.
func TestDatabasesComeAndGo(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3", "n4", "n5")
	f.ssh = "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 1"
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	five := f.config(f.resource("ha_galera_cluster", "name = \"shop\""))
	three := without("n5")(without("n4")(five))
	const address = "ha_galera_cluster.t"
	members := func(want int) func() error {
		return func() (err error) {
			f.locked(func() {
				if h := cluster.Nodes["n1"].History; h == nil || len(h.Members) != want {
					err = fmt.Errorf("n1 is in %+v", h)
				}
			})
			return err
		}
	}
	var started int64
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: three},
			{
				PreConfig: func() {
					f.locked(func() { started = f.machines["n1"].Unit("mariadb").Started })
					f.machines["n4"].FailNext("galera-member")
				},
				Config:      five,
				ExpectError: loose("(?s)Unable to Update.*start mariadb.service and join"),
			},
			{Config: five, Check: look(members(5))},
			// A machine that goes on under another name does not leave.
			{Config: rekeyed("n5", "n6")(five), Check: look(members(5))},
			{Config: five, Check: look(members(5))},
			{
				PreConfig:   func() { f.machines["n4"].FailNext("disable-units") },
				Config:      three,
				ExpectError: loose("(?s)Unable to Update.*leave the cluster and keep the data"),
			},
			{
				PreConfig: func() {
					f.locked(func() { cluster.Crash("n5") })
					f.down("n5")
					f.warned()
				},
				Config:           three,
				ConfigPlanChecks: before(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
				Check: look(func() (err error) {
					if err := members(3)(); err != nil {
						return err
					}
					said := f.warned()
					for _, want := range []string{"Machine of n5 Was Left As It Is", "n4 has left the cluster; its data is still in /var/lib/mysql"} {
						if !strings.Contains(said, want) {
							return fmt.Errorf("the apply said %q", said)
						}
					}
					f.locked(func() {
						n4 := f.machines["n4"]
						if now := f.machines["n1"].Unit("mariadb").Started; now != started {
							err = fmt.Errorf("n1 was restarted")
						}
						if cluster.Nodes["n4"].Departed == "" || n4.Unit("mariadb").Running() || n4.Held["mariadb-server"] {
							err = fmt.Errorf("n4 is %+v", cluster.Nodes["n4"])
						}
					})
					return err
				}),
			},
		},
	})
}

// TestAChangeThatIsTakenBackForgetsNobody has a node join before the change fails, and
// the declaration go back to what it was: the state has never named that node.
func TestAChangeThatIsTakenBackForgetsNobody(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3", "n4", "n5")
	f.ssh = "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 1"
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	five := f.config(f.resource("ha_galera_cluster", "name = \"shop\""))
	three := without("n5")(without("n4")(five))
	members := func(want ...string) func() error {
		return func() (err error) {
			f.locked(func() {
				var now []string
				for _, name := range f.names() {
					if cluster.Nodes[name].History != nil && f.machines[name].Unit("mariadb").Running() {
						now = append(now, name)
					}
				}
				if diff := cmp.Diff(want, now); diff != "" {
					err = fmt.Errorf("members (-want +got):\n%s", diff)
				}
			})
			return err
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: three},
			{
				PreConfig:   func() { f.machines["n5"].FailNext("galera-member") },
				Config:      five,
				ExpectError: loose("(?s)Unable to Update.*n5.*start mariadb.service and join"),
			},
			{
				PreConfig: func() {
					if err := members("n1", "n2", "n3", "n4")(); err != nil {
						t.Error(err)
					}
				},
				Config: three,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction("ha_galera_cluster.t", plancheck.ResourceActionUpdate)},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				Check: look(members("n1", "n2", "n3")),
			},
		},
	})
}

// TestADestroyKnowsTheMachinesOfAFailedChange has a node join, and another one nearly,
// before the change fails: the state has never named either.
func TestADestroyKnowsTheMachinesOfAFailedChange(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3", "n4", "n5")
	f.ssh = "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 1"
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	five := f.config(f.resource("ha_galera_cluster", "name = \"shop\"\non_destroy = \"wipe\""))
	marked := func(name string) bool {
		_, found := f.file(name, "/var/lib/terraform-ha/galera-shop.json")
		return found
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: without("n5")(without("n4")(five))},
			{
				PreConfig:   func() { f.machines["n5"].FailNext("galera-member") },
				Config:      five,
				ExpectError: loose("(?s)Unable to Update.*n5.*start mariadb.service and join"),
			},
			{
				PreConfig: func() {
					if !marked("n4") || !marked("n5") {
						t.Error("n4 and n5 have not begun to join")
					}
					f.machines["n4"].FailNext("galera-wipe")
				},
				Config: five, Destroy: true,
				ExpectError: loose("(?s)Unable to Delete.*n4.*wipe its data"),
			},
			{
				PreConfig: func() { f.down("n5"); f.warned() },
				Config:    five, Destroy: true,
			},
		},
	})
	if said := f.warned(); !strings.Contains(said, "Machine of n5 Was Left As It Is") {
		t.Errorf("the destroy said %q", said)
	}
	f.locked(func() {
		for _, name := range []string{"n1", "n2", "n3", "n4"} {
			if cluster.Nodes[name].UUID != "" || f.machines[name].Unit("mariadb").Running() {
				t.Errorf("%s is %+v", name, cluster.Nodes[name])
			}
		}
	})
	for _, name := range []string{"n1", "n2", "n3", "n4"} {
		if marked(name) {
			t.Errorf("%s still has its marker", name)
		}
	}
}

// TestAMachineThatLeavesAfterItsFloatingIPIsNotForgotten has the only machine of a
// floating IP leave, another change before the floating IP has let go, and one after that,
// when the machine is gone.
func TestAMachineThatLeavesAfterItsFloatingIPIsNotForgotten(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3", "n4")
	f.ssh = "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 1"
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	with := func(size string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\nsettings = { innodb_buffer_pool_size = \""+size+"\" }"))
	}
	serve := func(n3 bool, config string) func() error {
		return func() (err error) {
			f.locked(func() {
				if now := cluster.Nodes["n3"].Synced(); now != n3 {
					err = fmt.Errorf("it is %t that n3 is a member", now)
				}
				for _, name := range []string{"n1", "n2", "n4"} {
					if node := cluster.Nodes[name]; !node.Synced() || !strings.Contains(node.Config, config) {
						err = fmt.Errorf("%s is %+v", name, node)
					}
				}
			})
			return err
		}
	}
	floats := func(on ...string) func() {
		return func() {
			f.locked(func() {
				if err := cluster.Float("10.0.0.100/24", on...); err != nil {
					t.Error(err)
				}
			})
		}
	}
	empty := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: without("n4")(with("512M"))},
			{PreConfig: floats("n3"), Config: without("n3")(with("512M")), ConfigPlanChecks: empty, Check: look(serve(true, "512M"))},
			{Config: without("n3")(with("600M")), ConfigPlanChecks: empty, Check: look(serve(true, "600M"))},
			{
				PreConfig: func() {
					floats("n4", "n1")()
					f.down("n3")
					f.warned()
				},
				Config: without("n3")(with("700M")), ConfigPlanChecks: empty,
				Check: look(func() error {
					if said := f.warned(); strings.Contains(said, "n3") {
						return fmt.Errorf("the apply said %q", said)
					}
					return serve(false, "700M")()
				}),
			},
		},
	})
}
