package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// TestSettingsOfADatabase plans a name that nobody here knows, which the server
// decides about, and has a server that makes another value of one.
func TestSettingsOfADatabase(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	for _, node := range cluster.Nodes {
		node.Variables = map[string]string{"max_connections": "10"}
	}
	config := func(more string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\n"+more))
	}
	says := func(want ...string) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{planCheck(func(plancheck.CheckPlanRequest) error {
			said := f.warned()
			for _, part := range want {
				if !strings.Contains(said, part) {
					return fmt.Errorf("warnings %q, want %q", said, part)
				}
			}
			if len(want) == 0 && said != "" {
				return fmt.Errorf("warnings %q", said)
			}
			return nil
		})}}
	}
	forget := func(*terraform.State) error { f.warned(); return nil }
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config(`settings = { max-connections = "10" }`), ConfigPlanChecks: says(), Check: forget},
			{
				Config:           config(`settings = { max-connections = "10", server_audit_logging = "ON" }`),
				ConfigPlanChecks: says("server_audit_logging is not among the settings of mariadb that are known here"), Check: forget,
			},
			// It was said; what follows is about what the server runs with.
			{
				Config:           config(`settings = { max-connections = "5", server_audit_logging = "ON" }`),
				ConfigPlanChecks: says(), Check: forget,
			},
			{
				Config:           config(`settings = { max-connections = "5", server_audit_logging = "ON" }` + "\n" + `provider_options = { "gcache.recover" = "no" }`),
				ConfigPlanChecks: says("n1 runs with max_connections = 10, and 5 is asked for", "Without gcache.recover"), Check: forget,
			},
		},
	})
}
