package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestTheMachinesOfAWebTierChange has one server leave as another joins, and then a dead
// one replaced by a machine with another address. Two of three serve at every moment.
func TestTheMachinesOfAWebTierChange(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3", "n4")
	tier := webtiertest.Install(t, f.machines, "shop")
	config := f.config(f.resource("ha_web_tier", "name = \"shop\"\n  document_root = \"/srv/www/shop\"\n  "+webMount))
	// serve reports whether machines serve one site, and nobody else does.
	serve := func(machines ...string) resource.TestCheckFunc {
		return look(func() (err error) {
			f.locked(func() {
				for name, s := range tier.Servers {
					member := slices.Contains(machines, name)
					if s.Serving() != member || !s.Machine.Down && (s.Exists(webMarker) != member || (s.Mounted != "") != member) {
						err = fmt.Errorf("%s serves %t, has the marker %t and mounts %q", name, s.Serving(), s.Exists(webMarker), s.Mounted)
					}
				}
				if tier.Volume.Site != "site-1" {
					err = fmt.Errorf("the site is %q", tier.Volume.Site)
				}
			})
			return err
		})
	}
	inPlace := before(plancheck.ExpectResourceAction("ha_web_tier.t", plancheck.ResourceActionUpdate))
	inPlace.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: without("n4")(config), Check: serve("n1", "n2", "n3")},
			{
				PreConfig: func() {
					f.locked(func() {
						tier.After = func() {
							serving := 0
							for _, s := range tier.Servers {
								if s.Serving() {
									serving++
								}
							}
							if serving < 2 {
								t.Errorf("%d servers serve", serving)
							}
						}
					})
				},
				Config: without("n2")(config), ConfigPlanChecks: inPlace, Check: serve("n1", "n3", "n4"),
			},
			{
				PreConfig: func() {
					f.locked(func() { f.machines["n1"].Kill("apache2.service") })
					f.down("n1")
					f.warned()
				},
				Config:           strings.Replace(without("n1")(config), "n2 = {", "n1 = {", 1),
				ConfigPlanChecks: inPlace,
				Check: resource.ComposeTestCheckFunc(serve("n2", "n3", "n4"), look(func() error {
					f.locked(func() { tier.After = nil }) // what follows is the end
					if said := f.warned(); !strings.Contains(said, "Machine of former n1 Was Left As It Is") {
						return fmt.Errorf("the apply said %q", said)
					}
					return nil
				})),
			},
		},
	})
}
