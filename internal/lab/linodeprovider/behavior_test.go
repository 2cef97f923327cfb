package linodeprovider

import (
	"strings"
	"testing"
)

// machine is one instance whose arguments tests vary.
const machine = `
resource "linode_placement_group" "other" {
  label                = "other"
  region               = "lab"
  placement_group_type = "anti_affinity:local"
}
resource "linode_instance" "db" {
  label     = "db1"
  region    = "lab"
  type      = "g6-nanode-1"
  image     = "linode/debian12"
  root_pass = "a-Long-Password-1"
  interface {
    purpose      = "vlan"
    label        = "site"
    ipam_address = "10.0.0.21/24"
  }
  # more
}
`

// testInPlace changes an instance in every way that needs no replacement, and
// each time expects an update in place and an empty plan after it.
func testInPlace(t *testing.T, in installation) {
	fake, url := newFakeAPI(t)
	w := in.workspace(t, url, machine)
	w.apply()
	w.mustBeEmpty()
	steps := []struct {
		name, old, replacement, call string
	}{
		{"label", `"db1"`, `"db2"`, "PUT linode/instances/"},
		{"root password", "Password-1", "Password-2", "/password"},
		{"type", "g6-nanode-1", "g6-standard-2", "/resize"},
		{"interfaces", "10.0.0.21/24", "10.0.0.22/24", "/configs/1"},
		{"placement", "# more", "placement_group { id = linode_placement_group.other.id }\n  # more", "/assign"},
		{"power off", "# more", "booted = false\n  # more", "/shutdown"},
		{"power on", "booted = false", "booted = true", "/boot"},
		{"watchdog", "# more", "watchdog_enabled = false", "PUT linode/instances/"},
	}
	configuration := machine
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			w := w.under(t)
			configuration = strings.Replace(configuration, step.old, step.replacement, 1)
			w.write(configuration)
			if got := w.changes()["linode_instance.db"]; got != "update" {
				t.Fatalf("the change plans %q, want an update in place", got)
			}
			fake.edit(func(map[string]map[string]any) { fake.calls = nil })
			w.apply()
			w.mustBeEmpty()
			if !strings.Contains(strings.Join(fake.calls, "\n"), step.call) {
				t.Errorf("no call contains %q:\n%s", step.call, strings.Join(fake.calls, "\n"))
			}
		})
	}
}

// testAssignment keeps a placement that another resource manages.
func testAssignment(t *testing.T, in installation) {
	_, url := newFakeAPI(t)
	w := in.workspace(t, url, strings.Replace(machine, "# more", "placement_group_externally_managed = true", 1)+`
resource "linode_placement_group_assignment" "db" {
  placement_group_id = linode_placement_group.other.id
  linode_id          = linode_instance.db.id
}
data "linode_instances" "db" {
  depends_on = [linode_placement_group_assignment.db]
  filter {
    name   = "label"
    values = ["db1"]
  }
}
output "found" { value = data.linode_instances.db.instances[0].id }
resource "linode_firewall" "db" {
  label           = "database"
  inbound_policy  = "DROP"
  outbound_policy = "ACCEPT"
  linodes         = [linode_instance.db.id]
}
`)
	w.apply()
	w.mustBeEmpty()
}
