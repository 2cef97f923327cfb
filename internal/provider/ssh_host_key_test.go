package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// hostKeys is a key for each of some machines; plugin-testing knows no for_each.
func hostKeys(generation int, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "resource \"ha_ssh_host_key\" %q {\n  keepers = { generation = %d }\n}\n", name, generation)
	}
	return b.String()
}

// TestHostKeysThatAreMadeForMachines gives machines the keys that they will have:
// the first connection is checked as any other, with no key to accept. Another key at
// a machine's address is refused, then and later.
func TestHostKeysThatAreMadeForMachines(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	f.ssh = "boot_timeout_seconds = 1"
	keys := hostKeys(1, f.names()...)
	body := f.resource("ha_gluster_volume", volumeBody)
	for _, name := range f.names() {
		port := fmt.Sprintf("port = %d,", f.servers[name].Port())
		body = strings.Replace(body, port, fmt.Sprintf("%s host_key = ha_ssh_host_key.%s.public_key,", port, name), 1)
	}
	given := map[string]string{}
	// hand is what a cloud does when it makes a machine.
	hand := resource.TestCheckFunc(func(state *terraform.State) error {
		for _, name := range f.names() {
			key := state.RootModule().Resources["ha_ssh_host_key."+name]
			given[name] = key.Primary.Attributes["private_key"]
			f.servers[name].ReplaceHostKeys(given[name])
		}
		return nil
	})
	reboot := func() {
		for _, name := range f.names() {
			f.servers[name].DropConnections()
			f.servers[name].ReplaceHostKeys(given[name])
		}
	}
	attacker := newKey(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: f.config(keys), Check: hand},
			{
				PreConfig:   func() { f.servers["n2"].ReplaceHostKeys(attacker) },
				Config:      f.config(keys, body),
				ExpectError: loose(`(?s)Unable to Create GlusterFS Volume.*trust n2 at .*wrong host key`),
			},
			{
				PreConfig: reboot, Config: f.config(keys, body),
				Check: resource.TestCheckResourceAttr("ha_gluster_volume.t", "host_keys.%", "0"),
			},
			{PreConfig: reboot, Config: f.config(keys, body), PlanOnly: true},
			{
				PreConfig: func() {
					reboot()
					f.servers["n2"].DropConnections()
					f.servers["n2"].ReplaceHostKeys(attacker)
				},
				Config:      f.config(keys, body) + "# again\n",
				ExpectError: loose(`(?s)Unable to Read GlusterFS Volume.*wrong host key`),
			},
			{PreConfig: reboot, Config: f.config(keys, body), PlanOnly: true},
		},
	})
}

// TestAHostKeyLivesAsLongAsItsKeepers needs no machine and no key to log in with.
func TestAHostKeyLivesAsLongAsItsKeepers(t *testing.T) {
	t.Parallel()
	const address = "ha_ssh_host_key.n1"
	var first string
	attribute := func(check func(string) error) resource.TestCheckFunc {
		return resource.TestCheckResourceAttrWith(address, "fingerprint", check)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config:            hostKeys(1, "n1"),
				ConfigStateChecks: []statecheck.StateCheck{records{subject: "ssh_host_key", address: address}},
				Check: attribute(func(got string) error {
					first = got
					return nil
				}),
			},
			{Config: hostKeys(1, "n1"), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan())},
			{
				Config:           hostKeys(2, "n1"),
				ConfigPlanChecks: before(plancheck.ExpectResourceAction(address, plancheck.ResourceActionReplace)),
				Check: attribute(func(got string) error {
					if got == first || !strings.HasPrefix(got, "SHA256:") {
						return fmt.Errorf("the second key is %s, the first was %s", got, first)
					}
					return nil
				}),
			},
		},
	})
}
