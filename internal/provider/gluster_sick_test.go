package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

// TestASickFileServer has one that only a person can cure: it is told of by every
// plan, is in no plan, and is not in the way of a change.
func TestASickFileServer(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	pool := glustertest.Install(t, f.machines)
	config := func(more string) string { return f.config(f.resource("ha_gluster_volume", volumeBody+more)) }
	says := func(want string) plancheck.PlanCheck {
		return planCheck(func(plancheck.CheckPlanRequest) error {
			if said := strings.Join(strings.Fields(f.warned()), " "); !strings.Contains(said, want) {
				return fmt.Errorf("warnings %q, want %q", said, want)
			}
			return nil
		})
	}
	const sick = "n3 cannot serve its brick of volume content: the directory is missing"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config("")},
			{
				PreConfig: func() {
					f.locked(func() {
						f.machines["n3"].RemoveAll(glusterBrick)
						pool.Nodes["n3"].Running, pool.Nodes["n3"].BrickID = false, ""
						pool.Mounts["n3"] = "/"
					})
				},
				Config:           config(""),
				PlanOnly:         true,
				ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan(), says(sick)),
			},
			{
				Config: config("\nping_timeout_seconds = 20"),
				Check: look(func() (err error) {
					f.locked(func() {
						if got := pool.Volumes["content"].Options["network.ping-timeout"]; got != "20" {
							err = fmt.Errorf("the option is %q", got)
						}
					})
					return err
				}),
			},
			{
				// A change that needs the machine is refused.
				PreConfig:   func() { f.locked(func() { pool.Volumes["content"].State = "Stopped" }) },
				Config:      config("\nping_timeout_seconds = 30"),
				ExpectError: loose("(?s)Refused to change volume content.*n3: the directory is missing"),
			},
			{
				PreConfig: func() {
					f.locked(func() {
						pool.Volumes["content"].State = "Started"
						pool.Nodes["n3"].BrickID = strings.ReplaceAll(glustertest.VolumeID, "-", "")
						f.machines["n3"].WriteFile(glusterBrick+"/x", "")
						pool.Nodes["n3"].Running = true
						delete(pool.Mounts, "n3")
					})
				},
				Config: config("\nping_timeout_seconds = 30"),
			},
		},
	})
}
