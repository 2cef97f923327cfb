package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// vouched is the attribute that makes every machine of the fleet a known host.
func (f *fleet) vouched() string {
	var lines strings.Builder
	for _, name := range f.names() {
		fmt.Fprintf(&lines, "[%s]:%d %s\n", f.servers[name].Host(), f.servers[name].Port(), f.servers[name].HostKeyLine())
	}
	return fmt.Sprintf("\nknown_hosts = %q", lines.String())
}

const volumeDeclaration = "/var/lib/terraform-ha/gluster-content.declaration"

// An import goes to the machine that it names and to no other that only that machine
// has named. An apply then goes to those of the configuration.
func TestAnImportContactsNoStranger(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	volume := f.resource("ha_gluster_volume", volumeBody)
	var since traffic
	strangers := planCheck(func(plancheck.CheckPlanRequest) error {
		now := f.traffic()
		for _, name := range []string{"n1", "n3"} {
			if now.connections[name] != since.connections[name] {
				return fmt.Errorf("%s was contacted", name)
			}
		}
		if now.connections["n2"] == since.connections["n2"] {
			return fmt.Errorf("the machine that the import names was not contacted")
		}
		return nil
	})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: f.config(volume)},
			{Config: f.config("removed {\n  from = ha_gluster_volume.t\n  lifecycle {\n    destroy = false\n  }\n}\n")},
			{
				PreConfig: func() { since = f.traffic() },
				Config:    f.config(volume, fmt.Sprintf("import {\n  to = ha_gluster_volume.t\n  id = %q\n}\n", f.importID("content"))),
				ConfigPlanChecks: before(plancheck.ExpectResourceAction("ha_gluster_volume.t", plancheck.ResourceActionUpdate), strangers,
					drifted("ha_gluster_volume.t", "it was imported and its machines were not compared, because nothing vouches for n1, n3 yet; an apply contacts them as the configuration names them")),
				Check: resource.TestCheckResourceAttr("ha_gluster_volume.t", "drift.%", "0"),
			},
			{Config: f.config(volume), PlanOnly: true, ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan())},
		},
	})
}

// What lies on a machine may have been written by anybody who was root there.
func TestAnImportDoesNotBelieveWhatAMachineSays(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	f.ssh += f.vouched()
	declared := ""
	say := func(from, to string) func() {
		return func() {
			f.locked(func() {
				file := f.machines["n2"].Files[volumeDeclaration]
				if declared == "" {
					declared = file.Content
				}
				if file.Content = strings.Replace(declared, from, to, 1); file.Content == declared {
					t.Errorf("%q is not in the declaration:\n%s", from, declared)
				}
				f.machines["n2"].Files[volumeDeclaration] = file
			})
		}
	}
	step := func(from, to, wanted string) resource.TestStep {
		return resource.TestStep{
			PreConfig: say(from, to), ResourceName: "ha_gluster_volume.t", ImportState: true, ImportStateId: f.importID("content"),
			ExpectError: loose(`(?s)Unable to Import GlusterFS Volume.*Cannot use ` + volumeDeclaration + `.*` + wanted),
		}
	}
	wipe := step(`"on_destroy": "keep"`, `"on_destroy": "wipe"`, "")
	wipe.ExpectError, wipe.ImportStateCheck = nil, func(states []*terraform.InstanceState) error {
		if got := states[0].Attributes["on_destroy"]; got != "keep" {
			return fmt.Errorf("on_destroy is %q", got)
		}
		return nil
	}
	pinned := step(`"host_key": null`, `"host_key": "SHA256:AAAA"`, "")
	pinned.ExpectError, pinned.ImportStateCheck = nil, func(states []*terraform.InstanceState) error {
		for name, value := range states[0].Attributes {
			if strings.HasSuffix(name, ".host_key") {
				return fmt.Errorf("%s is %q", name, value)
			}
		}
		return nil
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: f.config(f.resource("ha_gluster_volume", volumeBody))},
			step(`"name": "content"`, `"name": "other"`, `it is of "other" and not of "content"`),
			step(`"`+glusterBrick+`"`, `"srv/relative"`, `brick_path: `),
			step(`"`+glusterBrick+`"`, `"/srv/\u001b[2Jbrick"`, `brick_path: `),
			step(`"name"`, "\x1b[2J\"name\"", `it has control characters`),
			wipe, pinned,
		},
	})
}
