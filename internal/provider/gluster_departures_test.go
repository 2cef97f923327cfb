package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

// TestTheMachinesOfAVolumeChange has a set join a volume that holds files, a dead server
// replaced by a machine with another address, and the set leave that came.
func TestTheMachinesOfAVolumeChange(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3", "n4", "n5", "n6", "n7")
	pool := glustertest.Install(t, f.machines)
	all := f.config(f.resource("ha_gluster_volume", volumeBody))
	nodes := func(out ...string) string {
		config := all
		for _, name := range out {
			config = without(name)(config)
		}
		return config
	}
	six := nodes("n7")
	// The machine n7 takes the place of n2, which is dead by then.
	replaced := strings.Replace(nodes("n2"), "n7 = {", "n2 = {", 1)
	three := replaced
	for _, name := range []string{"n4", "n5", "n6"} {
		three = without(name)(three)
	}
	// has expects these bricks, each set with copies of all its files.
	has := func(machines ...int) resource.TestCheckFunc {
		return look(func() (err error) {
			f.locked(func() {
				var bricks []string
				for _, machine := range machines {
					bricks = append(bricks, fmt.Sprintf("10.0.0.%d:%s", 10+machine, glusterBrick))
				}
				if got := pool.Volumes["content"].Bricks; strings.Join(got, " ") != strings.Join(bricks, " ") {
					err = fmt.Errorf("the bricks are %v", got)
				}
				for file := range pool.Acknowledged {
					if copies := pool.Copies("content", file); copies < 3 {
						err = fmt.Errorf("%s has %d copies", file, copies)
					}
				}
			})
			return err
		})
	}
	inPlace := func(backups int) resource.ConfigPlanChecks {
		checks := before(plancheck.ExpectResourceAction("ha_gluster_volume.t", plancheck.ResourceActionUpdate),
			plancheck.ExpectKnownValue("ha_gluster_volume.t", tfjsonpath.New("mount").AtMapKey("backup_servers"), knownvalue.ListSizeExact(backups)))
		checks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
		return checks
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: nodes("n4", "n5", "n6", "n7"), Check: has(1, 2, 3)},
			{
				PreConfig: func() {
					f.locked(func() { pool.Write("content", "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg") })
				},
				Config: six, ConfigPlanChecks: inPlace(5), Check: has(1, 2, 3, 4, 5, 6),
			},
			{
				Config:      nodes("n3", "n5", "n6", "n7"),
				ExpectError: loose(`(?s)pre-apply plan.*Change Not Possible In Place.*volume has the sets \(n1 n2 n3\), \(n4 n5 n6\), and wanted are the sets \(n1 n2 n4\)`),
			},
			{
				PreConfig: func() {
					f.down("n2")
					f.warned()
				},
				Config: replaced, ConfigPlanChecks: inPlace(5),
				Check: resource.ComposeTestCheckFunc(has(1, 7, 3, 4, 5, 6), look(func() error {
					if said := f.warned(); !strings.Contains(said, "Machine of former n2 Was Left As It Is") {
						return fmt.Errorf("the apply said %q", said)
					}
					return nil
				})),
			},
			{Config: three, ConfigPlanChecks: inPlace(2), Check: resource.ComposeTestCheckFunc(has(1, 7, 3), look(func() error {
				for _, name := range []string{"n4", "n5", "n6"} {
					if _, found := f.file(name, glusterMarker); found {
						return fmt.Errorf("%s still has a marker", name)
					}
				}
				return nil
			}))},
		},
	})
}
