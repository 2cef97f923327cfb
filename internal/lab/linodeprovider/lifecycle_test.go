package linodeprovider

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/contract"
)

const site = `
data "linode_region" "here" { id = "lab" }
data "linode_profile" "me" {}
data "linode_instance_type" "small" { id = "g6-nanode-1" }
data "linode_regions" "vlan" {
  filter {
    name   = "capabilities"
    values = ["Vlans"]
  }
}

resource "linode_sshkey" "key" {
  label   = "key"
  ssh_key = "ssh-ed25519 AAAA test"
}

resource "linode_placement_group" "web" {
  label                = "web"
  region               = data.linode_region.here.id
  placement_group_type = "anti_affinity:local"
}

resource "linode_instance" "web" {
  count           = 3
  label           = "web${count.index + 1}"
  region          = data.linode_region.here.id
  type            = data.linode_instance_type.small.id
  image           = "linode/debian12"
  root_pass       = "a-Long-Password-1"
  authorized_keys = [linode_sshkey.key.ssh_key]
  private_ip      = true
  tags            = ["%[1]s", "ha"]
  interface {
    purpose = "public"
  }
  interface {
    purpose      = "vlan"
    label        = "site"
    ipam_address = "10.0.0.${11 + count.index}/24"
  }
  placement_group { id = linode_placement_group.web.id }
  metadata { user_data = base64encode("#cloud-config") }
}

resource "linode_nodebalancer" "site" {
  label  = "site"
  region = "lab"
}

resource "linode_nodebalancer_config" "http" {
  nodebalancer_id = linode_nodebalancer.site.id
  port            = 80
  check           = "http"
  check_path      = "/healthz"
  check_interval  = 5
  check_timeout   = 3
  check_attempts  = 2
}

resource "linode_nodebalancer_node" "web" {
  count           = 3
  nodebalancer_id = linode_nodebalancer.site.id
  config_id       = linode_nodebalancer_config.http.id
  label           = "web${count.index + 1}"
  address         = "${linode_instance.web[count.index].private_ip_address}:80"
  weight          = %[2]d
}

resource "linode_vpc" "net" {
  label  = "net"
  region = "lab"
}

resource "linode_vpc_subnet" "net" {
  vpc_id = linode_vpc.net.id
  label  = "net"
  ipv4   = "10.9.0.0/24"
}

output "capabilities" { value = data.linode_regions.vlan.regions[0].id }
`

// siteFirewall stands apart from the site, so that the site can be built where
// firewalls cannot.
const siteFirewall = `
resource "linode_firewall" "web" {
  label           = "web"
  inbound_policy  = "DROP"
  outbound_policy = "ACCEPT"
  inbound {
    label    = "http"
    action   = "ACCEPT"
    protocol = "TCP"
    ports    = "80"
    ipv4     = ["192.168.255.0/24"]
  }
  inbound {
    label    = "icmp"
    action   = "ACCEPT"
    protocol = "ICMP"
    ipv4     = ["0.0.0.0/0"]
    ipv6     = ["::/0"]
  }
}

resource "linode_firewall_device" "web" {
  count       = 3
  firewall_id = linode_firewall.web.id
  entity_id   = linode_instance.web[count.index].id
}
`

func TestTerraform(t *testing.T) {
	in := install(t)
	t.Run("schema", func(t *testing.T) { testRealSchema(t, in) })
	t.Run("site", func(t *testing.T) { testSite(t, in) })
	t.Run("the lab's API", func(t *testing.T) { testLabAPI(t, in) })
	t.Run("in place", func(t *testing.T) { testInPlace(t, in) })
	t.Run("volume", func(t *testing.T) { testVolume(t, in) })
	t.Run("assignment", func(t *testing.T) { testAssignment(t, in) })
	t.Run("not implemented", func(t *testing.T) { testNotImplemented(t, in) })
	t.Run("wrong token", func(t *testing.T) { testWrongToken(t, in) })
}

func testRealSchema(t *testing.T, in installation) {
	w := in.workspace(t, "http://127.0.0.1:1", "")
	var got, want struct {
		ProviderSchemas map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.Unmarshal([]byte(w.mustRun("providers", "schema", "-json")), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(contract.ProviderSchema(), &want); err != nil {
		t.Fatal(err)
	}
	for _, schemas := range got.ProviderSchemas {
		withoutDescriptions(schemas)
		for name := range schemas {
			// Kinds of things that the contract's provider does not have come
			// out as empty objects in some versions of Terraform.
			if members, ok := schemas[name].(map[string]any); ok && len(members) == 0 {
				delete(schemas, name)
			}
		}
	}
	if diff := cmp.Diff(want.ProviderSchemas, got.ProviderSchemas); diff != "" {
		t.Errorf("terraform sees another schema than the contract's (-contract +terraform):\n%s", diff)
	}
}

func withoutDescriptions(v any) {
	members, ok := v.(map[string]any)
	if !ok {
		return
	}
	if _, isText := members["description_kind"].(string); isText {
		delete(members, "description_kind")
	}
	for _, member := range members {
		withoutDescriptions(member)
	}
}

func testSite(t *testing.T, in installation) {
	fake, url := newFakeAPI(t)
	w := in.workspace(t, url, fmt.Sprintf(site+siteFirewall, "v1", 100))
	w.apply()
	w.mustBeEmpty()
	checkInstance(t, w.attributes("linode_instance.web[0]"))

	w.write(fmt.Sprintf(site+siteFirewall, "v2", 50))
	want := map[string]string{}
	for i := range 3 {
		want[fmt.Sprintf("linode_instance.web[%d]", i)] = "update"
		want[fmt.Sprintf("linode_nodebalancer_node.web[%d]", i)] = "update"
	}
	if diff := cmp.Diff(want, w.changes()); diff != "" {
		t.Fatalf("another tag and weight are planned wrongly (-want +got):\n%s", diff)
	}
	w.apply()
	w.mustBeEmpty()

	t.Run("import", func(t *testing.T) { testImport(t, w.under(t)) })
	t.Run("removed", func(t *testing.T) { testRemoved(t, w.under(t), fake) })
	t.Run("replaced", func(t *testing.T) { testReplaced(t, w.under(t)) })

	w.mustRun("destroy", "-auto-approve", "-input=false")
	for _, collection := range []string{"linode/instances", "nodebalancers", "placement/groups", "networking/firewalls", "vpcs", "profile/sshkeys"} {
		if left := fake.paths(collection); len(left) > 0 {
			t.Errorf("destroy left %v", left)
		}
	}
}

func checkInstance(t *testing.T, got map[string]any) {
	t.Helper()
	for name, want := range map[string]any{"status": "running", "booted": true, "watchdog_enabled": true, "swap_size": 512.0} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if password := fmt.Sprint(got["root_pass"]); strings.Contains(password, "Long") || password == "" {
		t.Errorf("the state must have a hash of the root password, it has %q", password)
	}
	if !strings.HasPrefix(fmt.Sprint(got["private_ip_address"]), "192.168.") {
		t.Errorf("private_ip_address is %v", got["private_ip_address"])
	}
	if interfaces, _ := got["interface"].([]any); len(interfaces) != 2 {
		t.Errorf("interface has %d elements, want 2", len(interfaces))
	}
}

// testImport forgets objects and finds them again by their identifiers.
func testImport(t *testing.T, w *workspace) {
	balancer := w.attributes("linode_nodebalancer.site")["id"]
	config := w.attributes("linode_nodebalancer_config.http")["id"]
	identifiers := map[string]string{
		"linode_nodebalancer.site":        fmt.Sprint(balancer),
		"linode_nodebalancer_config.http": fmt.Sprintf("%v,%v", balancer, config),
		"linode_nodebalancer_node.web[0]": fmt.Sprintf("%v,%v,%v", balancer, config, w.attributes("linode_nodebalancer_node.web[0]")["id"]),
		"linode_placement_group.web":      fmt.Sprint(w.attributes("linode_placement_group.web")["id"]),
		"linode_vpc_subnet.net":           fmt.Sprintf("%v,%v", w.attributes("linode_vpc.net")["id"], w.attributes("linode_vpc_subnet.net")["id"]),
	}
	if strings.Contains(w.mustRun("state", "list"), "linode_firewall.web") {
		identifiers["linode_firewall.web"] = fmt.Sprint(w.attributes("linode_firewall.web")["id"])
	}
	for _, address := range sortedKeys(identifiers) {
		w.mustRun("state", "rm", address)
		w.mustRun("import", "-input=false", address, identifiers[address])
	}
	w.mustBeEmpty()
}

// testRemoved deletes behind Terraform's back; the next apply makes it good.
func testRemoved(t *testing.T, w *workspace, fake *fakeAPI) {
	id := fmt.Sprint(w.attributes("linode_nodebalancer_node.web[1]")["id"])
	fake.edit(func(objects map[string]map[string]any) {
		for path := range objects {
			if strings.HasSuffix(path, "/nodes/"+id) {
				delete(objects, path)
			}
		}
	})
	want := map[string]string{"linode_nodebalancer_node.web[1]": "create"}
	if diff := cmp.Diff(want, w.changes()); diff != "" {
		t.Fatalf("a removed node is planned wrongly (-want +got):\n%s", diff)
	}
	w.apply()
	w.mustBeEmpty()
}

func testReplaced(t *testing.T, w *workspace) {
	w.write(strings.Replace(fmt.Sprintf(site+siteFirewall, "v2", 50), "linode/debian12", "linode/debian13", 1))
	got := w.changes()
	for i := range 3 {
		address := fmt.Sprintf("linode_instance.web[%d]", i)
		if got[address] != "delete+create" {
			t.Errorf("another image plans %q for %s, want a replacement", got[address], address)
		}
	}
	w.apply()
	w.mustBeEmpty()
}

func testNotImplemented(t *testing.T, in installation) {
	_, url := newFakeAPI(t)
	w := in.workspace(t, url, `resource "linode_ipv6_range" "more" { prefix_length = 64 }`)
	w.mustRun("plan", "-input=false")
	code, _, stderr := w.run("apply", "-auto-approve", "-input=false")
	if code == 0 || !strings.Contains(stderr, "the lab's stand-in does not implement linode_ipv6_range") {
		t.Errorf("exit %d, stderr:\n%s", code, stderr)
	}
}

func testWrongToken(t *testing.T, in installation) {
	_, url := newFakeAPI(t)
	w := in.workspace(t, url, `
provider "linode" { token = "wrong" }
data "linode_region" "here" { id = "lab" }`)
	code, _, stderr := w.run("plan", "-input=false")
	if code == 0 || !strings.Contains(stderr, "401") {
		t.Errorf("exit %d, stderr:\n%s", code, stderr)
	}
}
