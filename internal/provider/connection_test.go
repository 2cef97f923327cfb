package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/provider"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

const volumeBody = "name = \"content\"\nbrick_path = \"" + glusterBrick + "\""

func glusterFleet(t *testing.T) *fleet {
	t.Helper()
	f := newFleet(t, "n1", "n2", "n3")
	glustertest.Install(t, f.machines)
	return f
}

// TestTwoResourcesShareConnections holds for a walk of Terraform: a plan, an apply.
func TestTwoResourcesShareConnections(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	floatingiptest.Install(t, f.machines, "db", vip)
	config := f.config(f.resource("ha_gluster_volume", volumeBody), f.resource("ha_floating_ip", "name = \"db\"\naddress = \"10.0.0.100/24\"\ncheck = { none = {} }"))
	var since traffic
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{{
			Config: config,
			Check: look(func() error {
				if connections, _ := f.most(traffic{}); connections != 1 {
					return fmt.Errorf("creating two resources took %d connections to a machine", connections)
				}
				return nil
			}),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PostApplyPreRefresh: []plancheck.PlanCheck{note(func() { since = f.traffic() })},
				PostApplyPostRefresh: []plancheck.PlanCheck{planCheck(func(plancheck.CheckPlanRequest) error {
					if connections, commands := f.most(since); connections != 1 || commands > 4 {
						return fmt.Errorf("refreshing two resources took %d connections and %d commands on a machine", connections, commands)
					}
					return nil
				})},
			},
		}},
	})
}

// TestUnknownNodes plans with machines that the same apply makes.
func TestUnknownNodes(t *testing.T) {
	ways := map[string]string{
		"the hosts": `
locals { machines = { %s } }
resource "terraform_data" "m1" { input = local.machines["n1"] }
resource "terraform_data" "m2" { input = local.machines["n2"] }
resource "terraform_data" "m3" { input = local.machines["n3"] }
resource "%s" "t" {
  nodes = {
    n1 = { host = terraform_data.m1.output.host, port = terraform_data.m1.output.port, address = terraform_data.m1.output.address }
    n2 = { host = terraform_data.m2.output.host, port = terraform_data.m2.output.port, address = terraform_data.m2.output.address }
    n3 = { host = terraform_data.m3.output.host, port = terraform_data.m3.output.port, address = terraform_data.m3.output.address }
  }
  %s
}`,
		"the map": `
resource "terraform_data" "machines" {
  input = { %s }
}
resource "%s" "t" {
  nodes = terraform_data.machines.output
  %s
}`,
	}
	for kind, build := range subjects {
		for way, config := range ways {
			t.Run(kind+": "+way, func(t *testing.T) {
				t.Parallel()
				f, s := build(t)
				nodes := strings.TrimSuffix(strings.TrimPrefix(f.nodes(), "nodes = {"), "}\n")
				resource.UnitTest(t, resource.TestCase{
					ProtoV6ProviderFactories: f.factories(),
					Steps: []resource.TestStep{{
						Config:           f.config(fmt.Sprintf(config, nodes, s.kind, s.body)),
						ConfigPlanChecks: before(f.silent(), plancheck.ExpectResourceAction(s.address(), plancheck.ResourceActionCreate)),
					}},
				})
			})
		}
	}
}

func TestAChangedHostKeyIsRefused(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	volume := f.resource("ha_gluster_volume", volumeBody)
	config := f.config(volume)
	first, second := f.servers["n2"].HostKeyLine(), sshtest.NewKey(t)
	f.ssh += fmt.Sprintf("\nknown_hosts = \"[%s]:%d %s\"", f.servers["n2"].Host(), f.servers["n2"].Port(), sshtest.PublicLine(t, second))
	believed := f.config(volume)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config, Check: resource.TestCheckResourceAttr("ha_gluster_volume.t", "host_keys.n2", first)},
			{
				PreConfig:   func() { f.servers["n2"].ReplaceHostKeys(second) },
				Config:      config,
				ExpectError: loose(`(?s)Unable to Read GlusterFS Volume.*trust n2.*host key changed since it was accepted.*known_hosts`),
			},
			// The remedy that the message names; what it teaches is remembered.
			{Config: believed, Check: resource.TestCheckResourceAttr("ha_gluster_volume.t", "host_keys.n2", sshtest.PublicLine(t, second))},
			{Config: config, PlanOnly: true, ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan())},
		},
	})
}

func TestPinnedHostKeys(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	pool := glustertest.Install(t, f.machines)
	f.ssh = "boot_timeout_seconds = 1"
	unknown := f.config(f.resource("ha_gluster_volume", volumeBody))
	pinned := unknown
	for _, server := range f.servers {
		port := fmt.Sprintf("port = %d,", server.Port())
		pinned = strings.Replace(pinned, port, fmt.Sprintf("%s host_key = %q,", port, server.HostKeyFingerprint()), 1)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: unknown, ExpectError: loose(`(?s)Unable to Create GlusterFS Volume.*trust n1 at .*unknown host key: it presents`)},
			{Config: pinned, Check: resource.TestCheckResourceAttr("ha_gluster_volume.t", "host_keys.%", "0")},
			{
				// A repair learns no key, and its plan does not say that it might.
				PreConfig: func() { f.locked(func() { pool.Nodes["n2"].Running = false }) },
				Config:    pinned,
				ConfigPlanChecks: before(plancheck.ExpectResourceAction("ha_gluster_volume.t", plancheck.ResourceActionUpdate),
					plancheck.ExpectKnownValue("ha_gluster_volume.t", tfjsonpath.New("host_keys"), knownvalue.MapSizeExact(0))),
			},
		},
	})
}

// TestAWrongKeyFailsAtOnce does not wait for machines to boot that have answered.
func TestAWrongKeyFailsAtOnce(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	f.key, f.ssh = sshtest.NewKey(t), "host_key_policy = \"accept-new\""
	begin := time.Now()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{{
			Config:      f.config(f.resource("ha_gluster_volume", volumeBody)),
			ExpectError: loose(`(?s)Unable to Create GlusterFS Volume.*log in to n1 at \S+ as root: the machine refused`),
		}},
	})
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestMachinesThatStillBoot(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	f.ssh = "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 30"
	for _, server := range f.servers {
		server.RefuseNext(2)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps:                    []resource.TestStep{{Config: f.config(f.resource("ha_gluster_volume", volumeBody))}},
	})
}

// TestADeadMachineIsWaitedForOnce repairs what the others need while it is away.
func TestADeadMachineIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	f, s := floatingIP(t)
	f.ssh = "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 4"
	config := f.config(f.resource(s.kind, s.body))
	var begin time.Time
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					f.locked(s.harm)
					f.down("n3")
				},
				Config:           config,
				ConfigPlanChecks: before(drifted(s.address(), s.drift), note(func() { begin = time.Now() })),
				Check: look(func() error {
					if took := time.Since(begin); took > 8*time.Second {
						return fmt.Errorf("the repair took %s", took)
					}
					f.up()
					return nil
				}),
			},
		},
	})
}

func TestAnotherRunHoldsTheLease(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	f.make = providerserver.NewProtocol6WithError(provider.NewImpatient("test", 10*time.Millisecond)())
	config := f.config(f.resource("ha_gluster_volume", volumeBody))
	const lease, owner = "/run/terraform-ha/leases/gluster", "process 4711 on another-runner"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{
				PreConfig:   func() { f.locked(func() { f.machines["n2"].WriteFile(lease, owner) }) },
				Config:      config,
				ExpectError: loose(`(?s)Unable to Create.*Another run works on gluster: ` + owner + ` holds its lease on n2`),
			},
			{
				PreConfig: func() {
					f.locked(func() {
						if held, found := f.machines["n1"].Files[lease]; found {
							t.Errorf("the lease on n1 was not given back: %s", held.Content)
						}
						f.machines["n2"].RemoveAll(lease)
					})
				},
				Config: config,
				Check: look(func() error {
					for _, name := range f.names() {
						if held, found := f.file(name, lease); found {
							return fmt.Errorf("%s still holds the lease on %s", held, name)
						}
					}
					return nil
				}),
			},
		},
	})
}

// TestAUserWithSudoBehindABastion reaches machines that only a bastion can.
func TestAUserWithSudoBehindABastion(t *testing.T) {
	t.Parallel()
	f := glusterFleet(t)
	bastionKey := sshtest.NewKey(t)
	bastion := sshtest.New(t, sshtest.Options{Forward: true, Users: map[string][]string{"jump": {sshtest.PublicLine(t, bastionKey)}}})
	f.ssh += fmt.Sprintf("\nuser = \"admin\"\nbastions = [{ host = %q, port = %d, user = \"jump\", host_key = %q, private_key = <<EOT\n%s\nEOT\n}]",
		bastion.Host(), bastion.Port(), bastion.HostKeyLine(), strings.TrimSpace(bastionKey))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{{
			Config: f.config(f.resource("ha_gluster_volume", volumeBody)),
			Check: look(func() error {
				if bastion.Forwards() != len(f.servers) || bastion.Connections() != 1 {
					return fmt.Errorf("%d machines were reached over %d connections of the bastion", bastion.Forwards(), bastion.Connections())
				}
				return nil
			}),
		}},
	})
}

// TestUnknownValuesInside plans with parts that another resource makes.
func TestUnknownValuesInside(t *testing.T) {
	for name, body := range map[string]string{
		"port of a check":    `check = { tcp = { port = terraform_data.later.output.number } }`,
		"command of a check": `check = { command = { path = terraform_data.later.output.text } }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := providerBlock(newKey(t), "") + `
resource "terraform_data" "later" { input = { number = 3306, text = "/usr/local/bin/check" } }
resource "ha_floating_ip" "t" {
  name    = "db"
  address = "10.0.0.100/24"
  ` + body + "\n" + threeNodes + "\n}"
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps:                    []resource.TestStep{{Config: config, PlanOnly: true, ExpectNonEmptyPlan: true}},
			})
		})
	}
}

// TestHealingIsTold has a file server back that missed writes: a plan has nothing
// to do about it, and says it.
func TestHealingIsTold(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	pool := glustertest.Install(t, f.machines)
	config := f.config(f.resource("ha_gluster_volume", volumeBody))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					f.warned()
					f.locked(func() { pool.Nodes["n1"].Pending = 7 })
				},
				Config: config, PlanOnly: true,
			},
			{
				PreConfig: func() {
					if said := f.warned(); !strings.Contains(said, "7 entries of volume content") {
						t.Errorf("the plan said %q", said)
					}
					f.locked(func() { pool.Nodes["n1"].Pending = 0 })
				},
				Config: config, PlanOnly: true,
			},
		},
	})
	if said := f.warned(); said != "" {
		t.Errorf("without anything to heal the plan said %q", said)
	}
}

// TestAnotherHistoryIsRefused has somebody build the database anew between two
// applies: a refresh must not take the new one for the old.
func TestAnotherHistoryIsRefused(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	config := func(more string) string {
		return f.config(f.resource("ha_galera_cluster", "name = \"shop\"\n"+more))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: config("")},
			{
				PreConfig: func() {
					f.locked(func() {
						for _, node := range cluster.Nodes {
							node.UUID, node.History.UUID = "99999999-0000-11f1-8000-000000000009", "99999999-0000-11f1-8000-000000000009"
						}
					})
				},
				Config:      config("settings = { max_connections = \"333\" }"),
				ExpectError: loose(`(?s)Unable to Update.*cluster with another history`),
			},
			{
				PreConfig: func() {
					f.locked(func() {
						for _, node := range cluster.Nodes {
							node.UUID, node.History.UUID = "00000000-0000-11f1-8000-000000000001", "00000000-0000-11f1-8000-000000000001"
						}
					})
				},
				Config: config("settings = { max_connections = \"333\" }"),
			},
		},
	})
}
