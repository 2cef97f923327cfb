package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// TestRestartTrigger restarts the daemons of every tier once for another value, and for
// none of the first one.
func TestRestartTrigger(t *testing.T) {
	for name, unit := range map[string]string{"floating_ip": "keepalived", "gluster_volume": "glusterd", "galera_cluster": "mariadb", "web_tier": "apache2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := subjects[name](t)
			config := func(trigger string) string {
				if trigger != "" {
					trigger = "\nrestart_trigger = \"" + trigger + "\""
				}
				return f.config(f.resource(s.kind, s.body+trigger))
			}
			before := map[string]int64{}
			restarted := func(want bool) resource.TestCheckFunc {
				return func(*terraform.State) (err error) {
					f.locked(func() {
						for node, m := range f.machines {
							started := m.Unit(unit).Started
							if was, known := before[node]; known && (started != was) != want {
								err = fmt.Errorf("%s started at %d and at %d", node, was, started)
							}
							before[node] = started
						}
					})
					return err
				}
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{Config: config("two words"), ExpectError: regexp.MustCompile("restart_trigger")},
					{Config: config("1"), Check: restarted(false)},
					{Config: config("1"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
					{Config: config("2024-05-01"), Check: restarted(true)},
					{Config: config(""), Check: restarted(false)},
				},
			})
		})
	}
}
