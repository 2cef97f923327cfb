package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// TestOS installs updates on the machines of tiers and reboots them, and refuses what would
// do nothing.
func TestOS(t *testing.T) {
	for name, daemon := range map[string]string{"floating_ip": "keepalived", "web_tier": "apache2"} {
		reboots := map[string]string{
			"floating_ip": "n1 restart none, n3 restart none, n2 restart none; 3 restarts, 2 of 3 members, quorum 1, the address moves",
			"web_tier":    "n1 restart none, n2 restart none, n3 restart none; 3 restarts, 2 of 3 members, quorum 2",
		}[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := subjects[name](t)
			config := func(os string) string {
				if os != "" {
					os = "\nos = { " + os + " }"
				}
				return f.config(f.resource(s.kind, s.body+os))
			}
			each := func(do func(node string, m *hosttest.Machine) error) (err error) {
				f.locked(func() {
					for node, m := range f.machines {
						if e := do(node, m); e != nil {
							err = e
						}
					}
				})
				return err
			}
			offer := func() {
				_ = each(func(_ string, m *hosttest.Machine) error {
					m.System.Updates = map[string]hosttest.Update{daemon: {Version: "99", Security: true, AsksReboot: true, Units: []string{daemon}}}
					return nil
				})
			}
			updated := func(version string, boots int) resource.TestCheckFunc {
				return func(*terraform.State) error {
					return each(func(node string, m *hosttest.Machine) error {
						if (m.Packages[daemon] == "99") != (version == "99") || m.System.Boots != boots {
							return fmt.Errorf("%s has %s after %d boots", node, m.Packages[daemon], m.System.Boots)
						}
						return nil
					})
				}
			}
			empty := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{Config: config(`updates = "some"`), ExpectError: regexp.MustCompile(`os.updates`)},
					{Config: config(`reboot = "never"`), ExpectError: regexp.MustCompile(`does nothing`)},
					{Config: config(`updates = "security"`), Check: updated("", 0)},
					{PreConfig: offer, Config: config(""), Check: updated("", 0)},
					{Config: config(`updates = "security"`), ConfigPlanChecks: before(rollsOut(s.address(), "unknown")), Check: updated("99", 0)},
					{Config: config(`updates = "security", reboot = "if-required"`), ConfigPlanChecks: before(rollsOut(s.address(), reboots)), Check: updated("99", 1)},
					{Config: config(`updates = "security", reboot = "if-required"`), ConfigPlanChecks: empty},
				},
			})
		})
	}
}

// TestEveryTierKeepsItsSystem declares os for what there is already, which no refresh has asked
// what is due: a plan does not say that nothing restarts, and after the apply nothing is left.
// The next plan knows.
func TestEveryTierKeepsItsSystem(t *testing.T) {
	for name, subject := range subjects {
		quorum := map[bool]int{true: 1, false: 2}[name == "floating_ip"]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := subject(t)
			config := func(os string) string { return f.config(f.resource(s.kind, s.body+"\n"+os)) }
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{Config: config("")},
					{Config: config(`os = { updates = "all" }`), ConfigPlanChecks: before(rollsOut(s.address(), "unknown")), Check: resource.TestCheckNoResourceAttr(s.address(), "rollout.%")},
					{Config: config(`os = { updates = "all", reboot = "if-required" }`), ConfigPlanChecks: before(rollsOut(s.address(), fmt.Sprintf("; 0 restarts, 3 of 3 members, quorum %d", quorum)))},
				},
			})
		})
	}
}
