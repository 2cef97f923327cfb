package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// TestADepartureWaits destroys departures of machines whose visitors leave, stay, cannot be
// asked for, or are on a machine that is gone. None of that keeps the machine.
func TestADepartureWaits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		down   bool
		// asked says how long nobody must have come; empty for a machine that is not asked.
		asked, warning string
	}{
		"they leave":             {asked: "12 132"},
		"they stay":              {status: 1, asked: "12 132", warning: "Web Server Still Visited"},
		"the machine has no log": {status: 2, asked: "12 132", warning: "Visitors Not Waited For"},
		"the machine is gone":    {down: true, warning: "Visitors Not Waited For"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "n1")
			asked := ""
			f.machines["n1"].HandleQuery("web-await-departure", func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
				if c.Args()[0] != "/usr/lib/terraform-ha/web-shop/leave" {
					return "", 3, "no such program: " + c.Args()[0]
				}
				asked = strings.Join(c.Args()[1:], " ")
				return "", test.status, "it said so"
			})
			body := fmt.Sprintf("resource \"ha_web_departure\" \"t\" {\n  name = \"shop\"\n  host = \"127.0.0.1\"\n  port = %d\n}\n", f.servers["n1"].Port())
			other := strings.Replace(body, "name = ", "quiet_seconds = 30\n  name = ", 1)
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{Config: f.config(other)},
					{
						Config: f.config(body),
						ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
							plancheck.ExpectResourceAction("ha_web_departure.t", plancheck.ResourceActionUpdate),
						}},
						Check: look(func() error {
							if asked != "" {
								return fmt.Errorf("a change waits")
							}
							if test.down {
								f.down("n1")
							}
							f.warned()
							return nil
						}),
					},
					{
						Config: f.config(),
						Check: look(func() error {
							if said := f.warned(); asked != test.asked || (test.warning == "") != (said == "") || !strings.Contains(said, test.warning) {
								return fmt.Errorf("it was asked with %q, and the apply said %q", asked, said)
							}
							return nil
						}),
					},
				},
			})
		})
	}
}

// TestADepartureIsDeclaredInFull refuses what cannot be.
func TestADepartureIsDeclaredInFull(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: f.config("resource \"ha_web_departure\" \"t\" {\n  name = \"\"\n  host = \"h\"\n}\n"), ExpectError: loose(`name string length must be at least 1`)},
			{Config: f.config("resource \"ha_web_departure\" \"t\" {\n  name = \"shop\"\n  host = \"h\"\n  quiet_seconds = 0\n}\n"), ExpectError: loose(`quiet_seconds .* must be between 1 and 3600`)},
			{Config: f.config("resource \"ha_web_departure\" \"t\" {\n  name = \"shop\"\n  host = \"h\"\n  wait_seconds = 11\n}\n"), ExpectError: loose(`would end after 11 seconds, and nobody must have come for 12`)},
			{Config: f.config("resource \"ha_web_departure\" \"t\" {\n  name = \"shop\"\n  host = \"h\"\n  wait_seconds = 0\n}\n")},
			// It would be asked for at the former address.
			{
				Config: f.config("resource \"ha_web_departure\" \"t\" {\n  name = \"shop\"\n  host = \"other\"\n  wait_seconds = 0\n}\n"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("ha_web_departure.t", plancheck.ResourceActionDestroyBeforeCreate),
				}},
			},
		},
	})
}
