package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
)

// TestTheMachinesOfAFloatingIPChange has the holder leave as another machine joins, and
// then a dead machine replaced by one with another address.
func TestTheMachinesOfAFloatingIPChange(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3", "n4")
	network := floatingiptest.Install(t, f.machines, "db", vip)
	config := f.config(f.resource("ha_floating_ip", "name = \"db\"\naddress = \"10.0.0.100/24\"\ncheck = { none = {} }"))
	empty := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	// knows reports whether machines have each other as peers, and nobody else.
	knows := func(moves int, machines ...string) resource.TestCheckFunc {
		return look(func() error {
			for _, name := range f.names() {
				content, found := f.file(name, vrrpInstance)
				if member := slices.Contains(machines, name); found != member {
					return fmt.Errorf("the instance is on %s: %t", name, found)
				}
				for i, other := range f.names() {
					peer := strings.Contains(content, fmt.Sprintf("\n        10.0.0.%d\n", 11+i))
					if found && peer != (other != name && slices.Contains(machines, other)) {
						return fmt.Errorf("%s has %s as a peer: %t", name, other, peer)
					}
				}
			}
			if network.Moves != moves {
				return fmt.Errorf("the address moved %d times, want %d", network.Moves, moves)
			}
			return nil
		})
	}
	inPlace := before(plancheck.ExpectResourceAction("ha_floating_ip.t", plancheck.ResourceActionUpdate))
	inPlace.PostApplyPostRefresh = empty.PostApplyPostRefresh
	// What is dead by then has the key n4, and the machine n1 takes its place.
	third := strings.Replace(without("n4")(config), "n1 = {", "n4 = {", 1)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: without("n4")(config), ConfigPlanChecks: empty, Check: knows(0, "n1", "n2", "n3")},
			{
				PreConfig: func() { f.locked(func() { network.Settles = true }) },
				Config:    without("n1")(config), ConfigPlanChecks: inPlace, Check: knows(1, "n2", "n3", "n4"),
			},
			{
				PreConfig: func() {
					f.locked(func() { network.Daemons["n4"].Cut = true })
					f.down("n4")
				},
				Config: third, ExpectError: loose(`(?s)Unable to Update.*former n4 answers n2 at 10.0.0.14.*Power it off`),
			},
			{
				PreConfig: func() {
					f.locked(func() { network.Daemons["n4"].Cut = false })
					f.warned()
				},
				Config: third, ConfigPlanChecks: inPlace,
				Check: resource.ComposeTestCheckFunc(look(func() error {
					if said := f.warned(); !strings.Contains(said, "Machine of former n4 Was Left As It Is") {
						return fmt.Errorf("the apply said %q", said)
					}
					f.locked(func() { f.machines["n4"].RemoveAll(vrrpInstance) })
					return nil
				}), knows(1, "n1", "n2", "n3")),
			},
		},
	})
}
