package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// What every tier says of machines that cannot be reached is the same, and has the
// reason that the network gave.
func TestNoMachineAnswers(t *testing.T) {
	for name, build := range subjects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := build(t)
			f.down(f.names()...)
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{{
					Config: f.config(f.resource(s.kind, s.body)),
					ExpectError: loose(`(?s)Unable to Create.*No machine of it answers:.*cannot reach n1 at 127.0.0.1:\d+: .*(closed during the SSH|reset by peer).*` +
						`cannot reach n2 at .*cannot reach n3 at .*has not recorded`),
				}},
			})
		})
	}
}

// A refusal because of machines that did not answer says why they did not.
func TestARefusalHasTheReasonOfTheNetwork(t *testing.T) {
	t.Parallel()
	f, s := subjects["galera_cluster"](t)
	f.down("n2")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{{
			Config:      f.config(f.resource(s.kind, s.body)),
			ExpectError: loose(`(?s)Unable to Create Galera Cluster.*Refused to.*cannot reach n2 at 127.0.0.1:\d+: .*(closed during the SSH|reset by peer)`),
		}},
	})
}
