package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// TestClientsLost plans lists of clients after [10.0.0.31, 10.0.0.32].
func TestClientsLost(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	clients := func(list string) string {
		return f.config(f.resource("ha_gluster_volume", volumeBody+"\nclients = "+list))
	}
	warns := func(want string) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{planCheck(func(plancheck.CheckPlanRequest) error {
			said := f.warned()
			if want == "" && said != "" || !strings.Contains(said, want) {
				return fmt.Errorf("warnings %q, want %q", said, want)
			}
			return nil
		})}}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: clients(`["10.0.0.31", "10.0.0.32"]`), ConfigPlanChecks: warns("")},
			{Config: clients(`["10.0.0.32", "10.0.0.33", "10.0.0.31"]`), ConfigPlanChecks: warns("")},
			{Config: clients(`["10.0.0.*"]`), ConfigPlanChecks: warns("")},
			{Config: clients(`["10.0.0.31", "10.0.0.32"]`), ConfigPlanChecks: warns(`This apply disconnects 10.0.0.* from the volume content`)},
			{Config: clients(`["10.0.0.31"]`), ConfigPlanChecks: warns(`This apply disconnects 10.0.0.32 from the volume content`)},
		},
	})
}
