package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

// TestClientsLost plans one list of clients after the other.
func TestClientsLost(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	step := func(clients, want string) resource.TestStep {
		return resource.TestStep{
			Config: f.config(f.resource("ha_gluster_volume", volumeBody+"\nclients = "+clients)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{planCheck(func(plancheck.CheckPlanRequest) error {
				said := f.warned()
				if want == "" && said != "" || want != "" && !strings.Contains(said, want+" may not mount the volume content any more") {
					return fmt.Errorf("%s: warnings %q, want %q", clients, said, want)
				}
				return nil
			})}},
			// The apply plans once more.
			Check: resource.ComposeTestCheckFunc(func(*terraform.State) error { f.warned(); return nil },
				resource.TestCheckResourceAttr("ha_gluster_volume.t", "mount.volume_id", glustertest.VolumeID)),
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			step(`["10.0.0.31", "10.0.0.32"]`, ""),
			step(`["10.0.0.32", "10.0.0.33", "10.0.0.31"]`, ""),
			step(`["10.0.0.*"]`, ""),
			step(`["10.0.0.31", "10.0.0.32"]`, "10.0.0.*"),
			step(`["10.0.0.0/24"]`, ""),
			step(`["10.0.0.31", "10.0.0.32"]`, "10.0.0.0/24"),
			step(`["10.0.0.31"]`, "10.0.0.32"),
		},
	})
}

// TestOptionsWithKnownProblems plans options that are set with a warning, once, and
// one that cannot be switched off.
func TestOptionsWithKnownProblems(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	step := func(options, want string) resource.TestStep {
		return resource.TestStep{
			Config: f.config(f.resource("ha_gluster_volume", volumeBody+"\noptions = "+options)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{planCheck(func(plancheck.CheckPlanRequest) error {
				if said := f.warned(); want == "" && said != "" || !strings.Contains(said, want) {
					return fmt.Errorf("%s: warnings %q, want %q", options, said, want)
				}
				return nil
			})}},
			Check: func(*terraform.State) error { f.warned(); return nil },
		}
	}
	off := f.config(f.resource("ha_gluster_volume", volumeBody+"\noptions = { \"features.shard\" = \"off\" }"))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			step(`{ "features.shard" = "on" }`, "it can never be switched off again"),
			step(`{ "features.shard" = "on", "performance.io-cache" = "off" }`, ""),
			{Config: off, ExpectError: loose("The option features.shard is on and cannot be switched off")},
		},
	})
}
