package provider_test

import (
	"fmt"
	"strings"
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
					ExpectError: loose(`(?s)Unable to Create.*No machine of it answers:.*Cannot reach n1 at 127.0.0.1:\d+: .*(closed during the SSH|reset by peer).*` +
						`Cannot reach n2 at .*Cannot reach n3 at .*has not recorded`),
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

// A create that fails records nothing, and so no host key either: the user is told.
func TestKeysThatAFailedCreateAcceptedAreNamed(t *testing.T) {
	t.Parallel()
	f, s := subjects["gluster_volume"](t)
	line := fmt.Sprintf("[%s]:%d %s", f.servers["n2"].Host(), f.servers["n2"].Port(), f.servers["n2"].HostKeyLine())
	named := func(wanted bool) func() {
		return func() {
			if said := f.warned(); strings.Contains(said, line) != wanted {
				t.Errorf("%q is named: %t, in %q", line, !wanted, said)
			}
		}
	}
	fails := func(prepare func()) resource.TestStep {
		return resource.TestStep{
			PreConfig:   func() { prepare(); f.machines["n1"].FailNext(s.createFault) },
			Config:      f.config(f.resource(s.kind, s.body)),
			ExpectError: loose("Unable to Create"),
		}
	}
	steps := []resource.TestStep{fails(func() {})}
	f.ssh += f.vouched()
	known := fails(named(true))
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: f.factories(), Steps: append(steps, known)})
	named(false)()
}
