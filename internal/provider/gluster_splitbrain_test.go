package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

// TestFilesInSplitBrainAreDecidedAbout has a plan that lists the copies and changes
// nothing, and a word that is acted on once.
func TestFilesInSplitBrainAreDecidedAbout(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	pool := glustertest.Install(t, f.machines)
	config := func(more string) string { return f.config(f.resource("ha_gluster_volume", volumeBody+more)) }
	const id = "0d3e8a5c-9c1c-4b3e-8f0a-3a1d5c6b7e8f"
	word := func(policy string) string {
		return fmt.Sprintf("\nsplit_brain = { policy = %q, files = [\"/a/page.html\"], attempt = 1 }", policy)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config("")},
			{Config: config(word("majority")), ExpectError: loose(`value must be one of`)},
			{Config: config(word("source-brick")), ExpectError: loose(`he policy source-brick needs the node whose copy counts`)},
			{
				PreConfig: func() {
					f.locked(func() {
						pool.Split[id] = &glustertest.SplitFile{Path: "/a/page.html", Copies: map[string]glustertest.SplitCopy{
							"n1": {Content: "first", Changed: 1}, "n2": {Content: "second", Changed: 3}, "n3": {Content: "third", Changed: 2},
						}}
					})
				},
				Config: config(""), PlanOnly: true,
				ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan(), planCheck(func(plancheck.CheckPlanRequest) error {
					if said := f.warned(); !strings.Contains(said, "n2: 6 bytes, changed 1970-01-01 00:00:03.000 UTC") {
						return fmt.Errorf("the plan says %q", said)
					}
					return nil
				})),
			},
			{
				Config: config(word("latest-mtime")),
				Check: look(func() (err error) {
					f.locked(func() {
						if got := f.machines["n1"].Files[glusterBrick+"/a/page.html"].Content; got != "second" || len(pool.Split) > 0 {
							err = fmt.Errorf("n1 has %q, and in split brain is %v", got, pool.Split)
						}
					})
					return err
				}),
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
			{Config: config(word("bigger-file")), ExpectError: loose(`efused to use the number of a decision for another one`)},
		},
	})
}
