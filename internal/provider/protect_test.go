package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// protectable are the resources that hold data which may be somebody's only copy.
var protectable = map[string]struct {
	build func(*testing.T) (*fleet, subject)
	// fault ends an update half-way.
	fault string
}{
	"galera_cluster": {galeraCluster, "galera-member"},
	"gluster_volume": {glusterVolume, "gluster"},
}

// TestAProtectedClusterIsNotDestroyed has a cluster on machines that Terraform made,
// here in the person of terraform_data. A destroy is refused when it is planned, so
// that the machines stay too, and a replacement is refused when the old cluster would
// go. One apply ends the protection, also where the rest of it fails: a cluster that
// is broken could not be given up otherwise.
func TestAProtectedClusterIsNotDestroyed(t *testing.T) {
	for name, p := range protectable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := p.build(t)
			config := func(round int, body, protect string) string {
				return f.config(fmt.Sprintf("resource \"terraform_data\" \"machine\" {}\nresource \"terraform_data\" \"round\" { input = %d }\n", round),
					f.resource(s.kind, body+"\n"+protect+"\ndepends_on = [terraform_data.machine]\nlifecycle { replace_triggered_by = [terraform_data.round] }"))
			}
			const refused = "(?s)Resource Is Protected.*Nothing was destroyed.*set protect to false, apply that"
			protected := config(1, s.body, "protect = true")
			stays := []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{Config: protected},
					{Config: protected, Destroy: true, ExpectError: loose(refused)},
					{Config: protected, ConfigPlanChecks: before(stays...)},
					// The configuration forgets it, and the machine goes with it.
					{Config: f.config(""), ExpectError: loose(refused)},
					{Config: protected, ConfigPlanChecks: before(stays...)},
					{Config: config(2, s.body, "protect = true"), ExpectError: loose("(?s)Resource Is Protected.*Nothing was destroyed")},
					{
						Config: protected, ConfigPlanChecks: before(stays...),
						Check: resource.TestCheckResourceAttr(s.address(), "protect", "true"),
					},
					{
						PreConfig:   func() { f.machines["n1"].FailNext(p.fault) },
						Config:      config(1, s.changed, ""),
						ExpectError: loose("Unable to Update"),
					},
				},
				// The end of the test destroys what the last apply left.
			})
		})
	}
}
