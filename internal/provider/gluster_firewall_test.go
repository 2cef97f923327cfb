package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

// TestFileServersAreFiltered has the packet filter by default, and not where it is
// not wanted.
func TestFileServersAreFiltered(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	glustertest.Install(t, f.machines)
	config := func(more string) string { return f.config(f.resource("ha_gluster_volume", volumeBody+more)) }
	filtered := func(want bool) resource.TestCheckFunc {
		return look(func() (err error) {
			f.locked(func() {
				for name, m := range f.machines {
					if m.Filtered("gluster") != want {
						err = fmt.Errorf("%s is filtered: %t", name, !want)
					}
				}
			})
			return err
		})
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config("\nfirewall = \"some\""), ExpectError: loose(`firewall value must be one of`)},
			{Config: config(""), Check: filtered(true)},
			{Config: config("\nfirewall = \"none\""), Check: filtered(false)},
			{Config: config("\nfirewall = \"managed\""), Check: filtered(true)},
		},
	})
}
