package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// inMaintenance takes a node of a configuration out of service.
func inMaintenance(config, node, how string) string {
	return strings.Replace(config, node+" = { host", fmt.Sprintf("%s = { maintenance = %q, host", node, how), 1)
}

// TestMaintenance takes a node of every tier out of service and puts it back. It is no
// drift while it is declared, and too much of it is refused by the plan.
func TestMaintenance(t *testing.T) {
	for name, test := range map[string]struct{ how, unit, tooMany string }{
		"floating_ip":    {"drained", "", "n1, n2, n3 are to be in maintenance"},
		"gluster_volume": {"stopped", "glusterd", "n1, n2 have the same files"},
		"galera_cluster": {"stopped", "mariadb", "2 of 3 nodes are to be in maintenance"},
		"web_tier":       {"stopped", "apache2", "1 of 3 nodes are left in service"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := subjects[name](t)
			plain := f.config(f.resource(s.kind, s.body))
			with := inMaintenance(plain, "n2", test.how)
			tooMany := inMaintenance(with, "n1", test.how)
			if name == "floating_ip" {
				tooMany = inMaintenance(tooMany, "n3", test.how)
			}
			runs := func(want bool) resource.TestCheckFunc {
				return func(*terraform.State) (err error) {
					f.locked(func() {
						if unit := f.machines["n2"].Unit(test.unit); test.unit != "" && (unit.Running() != want || unit.Enabled != want) {
							err = fmt.Errorf("the unit is %+v", unit)
						}
					})
					return err
				}
			}
			empty := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{Config: plain, Check: runs(true)},
					{Config: tooMany, ExpectError: regexp.MustCompile(spaced(test.tooMany))},
					{Config: with, Check: resource.ComposeAggregateTestCheckFunc(runs(false),
						resource.TestCheckResourceAttr(s.address(), "nodes.n2.maintenance", test.how), resource.TestCheckResourceAttr(s.address(), "drift.%", "0"))},
					{Config: with, ConfigPlanChecks: empty},
					{Config: plain, Check: resource.ComposeAggregateTestCheckFunc(runs(true), resource.TestCheckNoResourceAttr(s.address(), "nodes.n2.maintenance"))},
					{Config: plain, ConfigPlanChecks: empty},
				},
			})
		})
	}
}

// spaced matches a text that Terraform has wrapped.
func spaced(text string) string { return strings.ReplaceAll(regexp.QuoteMeta(text), " ", `\s+`) }
