package moduletest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/api"
)

// region is what the site has of Linode and nothing else: no machine is reached.
const region = `
variable "image" {
  type    = string
  default = "linode/debian12"
}

variable "generation" {
  type    = number
  default = 1
}

variable "tier_fails" {
  type    = bool
  default = false
}

# More web servers, by their slots.
variable "more" {
  type    = map(number)
  default = {}
}

variable "backups" {
  type    = bool
  default = true
}

variable "data_gb" {
  type    = number
  default = 10
}

# Locks are in the beta of the API alone.
provider "linode" {
  api_version = "v4beta"
}

module "network" {
  source = "../modules/network"

  name        = "shop"
  region      = "us-ord"
  admin_cidrs = ["203.0.113.7/32", "2001:db8::/48"]
  tiers = { web = {
    first_host = 60
    nodes = merge(
      { web1 = { slot = 1, generation = var.generation }, web2 = { slot = 2, generation = var.generation } },
      { for key, slot in var.more : key => { slot = slot } },
    )
    inbound    = [{ label = "nodebalancer", ports = "80", ipv4 = ["192.168.255.0/24"] }]
  } }
}

module "instances" {
  source = "../modules/instances"

  name                = "shop"
  region              = "us-ord"
  image               = var.image
  nodes               = module.network.nodes.web
  authorized_keys     = [file("key.pub")]
  private_ip          = true
  vlan_label          = module.network.vlan_label
  firewall_id         = module.network.firewall_ids.web
  placement_group_id  = module.network.placement_group_ids.web
  backups             = var.backups
  lock_type           = "cannot_delete"
  data_volume_size_gb = var.data_gb
}

# In the place of web-tier: it is changed where its nodes are, and hands on the backends.
module "tier" {
  source = "./tier"

  nodes    = module.instances.nodes
  fails    = var.tier_fails
  backends = { for key, ip in module.instances.private_ips : key => "${ip}:80" }
}

module "load_balancer" {
  source = "../modules/load-balancer"

  name   = "shop"
  region = "us-ord"
}

module "backends" {
  source = "../modules/load-balancer/modules/backends"

  nodebalancer = module.load_balancer.nodebalancer
  backends     = module.tier.backends
}

terraform {
  required_providers {
    linode = {
      source = "linode/linode"
    }
  }
}
`

// standIn is a tier of which only the place in the order of things counts.
const standIn = `
variable "nodes" {
  type = any
}

variable "backends" {
  type = map(string)
}

variable "fails" {
  type = bool
}

resource "terraform_data" "cluster" {
  input = var.nodes

  lifecycle {
    # What a change puts out is not known before it, so that the plan does not fail.
    postcondition {
      condition     = jsonencode(self.output) == (var.fails ? "" : jsonencode(self.output))
      error_message = "The cluster does not let go of a node."
    }
  }
}

output "backends" {
  value      = var.backends
  depends_on = [terraform_data.cluster]
}
`

// testRegion applies the modules of Linode's part to the lab's API, which
// refuses what Linode refuses: labels that are taken, above all.
func testRegion(t *testing.T, c cli) {
	machines := &idleMachines{}
	server, err := api.NewServer(t.Context(), api.Options{Token: "token-of-the-test", Backend: machines, ValidateResponses: true,
		OnInvalidResponse: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(func() {
		listener.Close()
		if err := server.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})

	c.environment = []string{"LINODE_TOKEN=token-of-the-test", "LINODE_URL=" + listener.URL}
	dir := filepath.Join(copyOfTree(t), "region")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	_, public := keyPair(t)
	write(t, filepath.Join(dir, "main.tf"), region)
	write(t, filepath.Join(dir, "key.pub"), public+"\n")
	if err := os.Mkdir(filepath.Join(dir, "tier"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "tier", "main.tf"), standIn)
	run := func(arguments ...string) string {
		t.Helper()
		output, err := c.run(t.Context(), dir, arguments...)
		if err != nil {
			t.Fatal(err)
		}
		return output
	}
	empty := func(arguments ...string) {
		t.Helper()
		output := run(append([]string{"plan", "-input=false", "-no-color"}, arguments...)...)
		if !strings.Contains(output, "No changes.") {
			t.Fatalf("the plan is not empty:\n%s", output)
		}
	}

	run("init", "-input=false", "-no-color")
	run("apply", "-input=false", "-no-color", "-auto-approve")
	if got, want := machines.addresses(), []string{"shop-web1 10.0.0.61/24", "shop-web2 10.0.0.62/24"}; !slices.Equal(got, want) {
		t.Errorf("machines are %q, want %q", got, want)
	}
	if got, want := machines.volumes(), []string{"shop-web1: 10 GB in shop-web1", "shop-web2: 10 GB in shop-web2"}; !slices.Equal(got, want) {
		t.Errorf("volumes are %q, want %q", got, want)
	}
	empty()
	// A changed variable must not replace every machine of a tier.
	empty("-var=image=linode/debian13")

	apply := func(arguments ...string) sequence {
		t.Helper()
		return sequence(run(append([]string{"apply", "-input=false", "-no-color", "-auto-approve"}, arguments...)...))
	}
	const cluster = "module.tier.terraform_data.cluster: "
	grown := apply("-var=more={web0=3}")
	grown.wantFirst(t, `linode_instance.this["web0"]: Creation complete`, cluster+"Modifying...")
	grown.wantFirst(t, cluster+"Modifications complete", `linode_nodebalancer_node.this["web0"]: Creating...`)
	if got, want := machines.addresses(), []string{"shop-web0 10.0.0.63/24", "shop-web1 10.0.0.61/24", "shop-web2 10.0.0.62/24"}; !slices.Equal(got, want) {
		t.Errorf("after another node machines are %q, want %q", got, want)
	}
	empty("-var=more={web0=3}")

	// An apply that breaks off before the new machines are there leaves the old ones as they
	// are, and the next one goes on: this region has no such image.
	broken := []string{"apply", "-input=false", "-no-color", "-auto-approve", "-var=generation=2", "-var=more={web0=3}", "-var=image=linode/debian11"}
	if output, err := c.run(t.Context(), dir, broken...); err == nil {
		t.Errorf("an image that the region does not have was taken:\n%s", output)
	}
	if got, want := machines.addresses(), []string{"shop-web0 10.0.0.63/24", "shop-web1 10.0.0.61/24", "shop-web2 10.0.0.62/24"}; !slices.Equal(got, want) {
		t.Errorf("after a replacement that failed machines are %q, want %q", got, want)
	}

	// New machines for several nodes: all of them are there, then the tier
	// changes to them, and then the old ones go.
	rolled := apply("-var=generation=2", "-var=more={web0=3}")
	for _, node := range []string{"web1", "web2"} {
		rolled.wantFirst(t, `linode_instance.this["`+node+`-g2"]: Creation complete`, cluster+"Modifying...")
		for _, kind := range []string{"linode_instance.this", "linode_volume.data", "linode_nodebalancer_node.this"} {
			rolled.wantFirst(t, cluster+"Modifications complete", kind+`["`+node+`"]`, ": Destroying...")
		}
	}
	if got, want := machines.addresses(), []string{"shop-web0 10.0.0.63/24", "shop-web1-g2 10.0.0.71/24", "shop-web2-g2 10.0.0.72/24"}; !slices.Equal(got, want) {
		t.Errorf("after the replacement machines are %q, want %q", got, want)
	}
	if got, want := machines.volumes(), []string{"shop-web0: 10 GB in shop-web0", "shop-web1-g2: 10 GB in shop-web1-g2", "shop-web2-g2: 10 GB in shop-web2-g2"}; !slices.Equal(got, want) {
		t.Errorf("after the replacement volumes are %q, want %q", got, want)
	}
	if want := 5; machines.most != want {
		t.Errorf("there were at most %d machines at a time, want %d: the new ones are made before the old ones go", machines.most, want)
	}

	// A node that is no longer declared goes when the tier has let go of it, and not where
	// the tier fails to.
	failing := []string{"apply", "-input=false", "-no-color", "-auto-approve", "-var=generation=2", "-var=tier_fails=true"}
	if output, err := c.run(t.Context(), dir, failing...); err == nil || !strings.Contains(err.Error(), "does not let go") {
		t.Errorf("a tier that fails has ended with %v:\n%s", err, output)
	}
	if got, want := machines.addresses(), []string{"shop-web0 10.0.0.63/24", "shop-web1-g2 10.0.0.71/24", "shop-web2-g2 10.0.0.72/24"}; !slices.Equal(got, want) {
		t.Errorf("after a tier that failed machines are %q, want %q", got, want)
	}
	apply("-var=generation=2", "-var=more={web0=3}")
	shrunk := apply("-var=generation=2")
	for _, kind := range []string{"linode_instance.this", "linode_volume.data", "linode_nodebalancer_node.this"} {
		shrunk.wantFirst(t, cluster+"Modifications complete", kind+`["web0"]: Destroying...`)
	}
	if got, want := machines.addresses(), []string{"shop-web1-g2 10.0.0.71/24", "shop-web2-g2 10.0.0.72/24"}; !slices.Equal(got, want) {
		t.Errorf("after a node less machines are %q, want %q", got, want)
	}
	empty("-var=generation=2")
	// Nobody else deletes what is locked, the replacement included; Terraform does.
	for _, id := range machines.ids() {
		if got := deleteLinode(t, listener.URL, id); got != http.StatusBadRequest {
			t.Errorf("deleting Linode %d was answered with %d", id, got)
		}
	}
	run("apply", "-input=false", "-no-color", "-auto-approve", "-var=generation=2", "-var=backups=false", "-var=data_gb=12")
	empty("-var=generation=2", "-var=backups=false", "-var=data_gb=12")
	if got, want := machines.volumes(), []string{"shop-web1-g2: 12 GB in shop-web1-g2", "shop-web2-g2: 12 GB in shop-web2-g2"}; !slices.Equal(got, want) {
		t.Errorf("enlarged volumes are %q, want %q", got, want)
	}

	run("destroy", "-input=false", "-no-color", "-auto-approve")
	if left := append(machines.addresses(), machines.volumes()...); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}

// sequence is what an apply said, in the order in which things happened.
type sequence string

// wantFirst fails unless something happened before something else, of whose line the
// words are parts.
func (s sequence) wantFirst(t *testing.T, first string, then ...string) {
	t.Helper()
	begun, ended := -1, -1
	for number, line := range strings.Split(string(s), "\n") {
		if strings.Contains(line, first) {
			begun = number
		}
		if ended < 0 && !slices.ContainsFunc(then, func(word string) bool { return !strings.Contains(line, word) }) {
			ended = number
		}
	}
	if begun < 0 || ended < begun {
		t.Errorf("%q came in line %d, and %q in line %d:\n%s", first, begun, then, ended, s)
	}
}

// idleMachines is a backend whose machines exist and do nothing.
type idleMachines struct {
	mu   sync.Mutex
	made map[int]api.MachineSpec
	most int
	// disks are volumes, and places the machines that have them.
	disks  map[int]api.VolumeSpec
	places map[int]int
}

// volumes says of each volume which machine has it.
func (m *idleMachines) volumes() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for id, disk := range m.disks {
		all = append(all, fmt.Sprintf("%s: %d GB in %s", disk.Label, disk.SizeGB, m.made[m.places[id]].Label))
	}
	slices.Sort(all)
	return all
}

func (m *idleMachines) addresses() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, machine := range m.made {
		all = append(all, machine.Label+" "+machine.VLANs[0].Address)
	}
	slices.Sort(all)
	return all
}

func (m *idleMachines) ids() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.made))
}

// deleteLinode asks for it as somebody would who does not use Terraform.
func deleteLinode(t *testing.T, url string, id int) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, fmt.Sprintf("%s/v4/linode/instances/%d", url, id), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer token-of-the-test")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func (m *idleMachines) CreateMachine(_ context.Context, spec api.MachineSpec) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.made == nil {
		m.made = map[int]api.MachineSpec{}
	}
	m.made[spec.ID] = spec
	m.most = max(m.most, len(m.made))
	return nil
}

func (m *idleMachines) DeleteMachine(_ context.Context, id int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.made, id)
	return nil
}

func (m *idleMachines) StartMachine(context.Context, int) error  { return nil }
func (m *idleMachines) StopMachine(context.Context, int) error   { return nil }
func (m *idleMachines) RebootMachine(context.Context, int) error { return nil }

func (m *idleMachines) RebuildMachine(context.Context, api.MachineSpec) error { return nil }

func (m *idleMachines) ApplyBalancer(context.Context, api.BalancerSpec) error { return nil }
func (m *idleMachines) DeleteBalancer(context.Context, int) error             { return nil }

func (m *idleMachines) CreateVolume(_ context.Context, spec api.VolumeSpec) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.disks == nil {
		m.disks, m.places = map[int]api.VolumeSpec{}, map[int]int{}
	}
	m.disks[spec.ID] = spec
	return nil
}

func (m *idleMachines) ResizeVolume(ctx context.Context, spec api.VolumeSpec) error {
	return m.CreateVolume(ctx, spec)
}

func (m *idleMachines) DeleteVolume(_ context.Context, id int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.disks, id)
	return nil
}

func (m *idleMachines) AttachVolume(_ context.Context, machine int, spec api.VolumeSpec) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.places[spec.ID] = machine
	return nil
}

func (m *idleMachines) DetachVolume(_ context.Context, _, volume int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.places, volume)
	return nil
}

func (m *idleMachines) BalancerStats(context.Context, int) ([]byte, error) {
	return []byte("# pxname,svname,status\n"), nil
}
