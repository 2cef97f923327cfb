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
					{Config: config(`updates = "security"`), Check: updated("99", 0)},
					{Config: config(`updates = "security", reboot = "if-required"`), Check: updated("99", 1)},
					{Config: config(`updates = "security", reboot = "if-required"`), ConfigPlanChecks: empty},
				},
			})
		})
	}
}

// TestEveryTierKeepsItsSystem lets os through in each, and finds nothing left after an apply.
func TestEveryTierKeepsItsSystem(t *testing.T) {
	for name, subject := range subjects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := subject(t)
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps:                    []resource.TestStep{{Config: f.config(f.resource(s.kind, s.body+"\nos = { updates = \"all\" }"))}},
			})
		})
	}
}
