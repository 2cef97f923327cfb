package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// subject is a resource whose life is tested: what it is, how it changes, and
// what can be seen of it on the machines.
type subject struct {
	kind, name string
	// body is the configuration, and changed the one of an update.
	body, changed string
	// frozen is a value that cannot change in place, and out takes node n3 out of a
	// configuration; nil where that can be done.
	frozen frozen
	out    func(config string) string
	// refused are other changes that a plan refuses, by what it says.
	refused map[string]func(config string) string
	// break_ harms one machine in the way that drift shows; it is not about the
	// machine that goes down.
	harm  func()
	drift string
	// lost is what an apply says where every machine was made anew; empty where that
	// is a new beginning.
	lost string
	// reset is for a tier whose simulation holds more than machines do.
	reset func()
	// createFault and updateFault are commands in the middle of the work.
	createFault, updateFault string
	// updateAt is the machine whose failure ends an update: n1 where it is nil.
	updateAt func() string
	// noData is a tier that leaves no data on its machines: there is nothing to wipe.
	noData bool
	// updated, kept and wiped look at the machines.
	updated, kept, wiped func() error
}

func (s subject) address() string { return s.kind + ".t" }

// wipe is the choice that a destroy takes the data too.
func (s subject) wipe() string {
	if s.noData {
		return ""
	}
	return "\non_destroy = \"wipe\""
}

// subjects makes the machines and one resource of every tier on them.
var subjects = map[string]func(*testing.T) (*fleet, subject){
	"floating_ip":    floatingIP,
	"gluster_volume": glusterVolume,
	"galera_cluster": galeraCluster,
	"web_tier":       func(t *testing.T) (*fleet, subject) { return webTier(t, webMount) },
	"web_tier_local": func(t *testing.T) (*fleet, subject) { return webTier(t, "") },
}

const (
	vip           = "10.0.0.100"
	glusterBrick  = "/srv/gluster/content/brick"
	glusterMarker = "/var/lib/terraform-ha/gluster-content.json"
	vrrpInstance  = "/etc/keepalived/conf.d/terraform-ha-db.conf"
)

func floatingIP(t *testing.T) (*fleet, subject) {
	t.Helper()
	f := newFleet(t, "n1", "n2", "n3")
	network := floatingiptest.Install(t, f.machines, "db", vip)
	gone := func() error {
		for _, name := range f.names() {
			if _, found := f.file(name, vrrpInstance); found || network.Daemons[name].Held {
				return fmt.Errorf("%s still has the floating IP", name)
			}
		}
		return nil
	}
	return f, subject{
		kind: "ha_floating_ip", name: "db", noData: true,
		body:    "name = \"db\"\naddress = \"10.0.0.100/24\"\nauth_secret = \"s3cret\"\ncheck = { none = {} }",
		changed: "name = \"db\"\naddress = \"10.0.0.100/24\"\nauth_secret = \"s3cret\"\ncheck = { none = {} }\nadditional_addresses = [\"10.0.0.102/24\"]\nadvertisement_interval_seconds = 2",
		frozen:  frozen{"address", "10.0.0.100/24", "10.0.0.101/24"},
		refused: map[string]func(string) string{"The peers of n2 know it as 10.*cannot move it to 10.0.0.77": moved},
		harm:    func() { _ = f.machines["n2"].Stop("keepalived") },
		drift:   "keepalived is stopped",
		reset: func() {
			for _, d := range network.Daemons {
				*d = floatingiptest.Daemon{}
			}
			for _, m := range f.machines {
				delete(m.Users, "keepalived_script")
			}
		},
		// The holder by then; what fails elsewhere is tried again in the next round.
		createFault: "keepalived-load", updateFault: "keepalived-load", updateAt: func() (holder string) {
			f.locked(func() {
				for name, d := range network.Daemons {
					if d.Held {
						holder = name
					}
				}
			})
			return holder
		},
		updated: func() error {
			if content, _ := f.file("n1", vrrpInstance); !strings.Contains(content, "advert_int 2") {
				return fmt.Errorf("the instance is\n%s", content)
			}
			return nil
		},
		kept: gone, wiped: gone,
	}
}

func glusterVolume(t *testing.T) (*fleet, subject) {
	t.Helper()
	f := newFleet(t, "n1", "n2", "n3")
	pool := glustertest.Install(t, f.machines)
	body := "name = \"content\"\nbrick_path = \"" + glusterBrick + "\"\n"
	return f, subject{
		kind: "ha_gluster_volume", name: "content",
		body:    body,
		changed: body + "ping_timeout_seconds = 20\noptions = { \"performance.io-cache\" = \"off\" }",
		frozen:  frozen{"brick_path", glusterBrick, "/srv/gluster/other/brick"},
		refused: map[string]func(string) string{"The peers of n2 know it as 10.*cannot move it to 10.0.0.77": moved},
		harm:    func() { pool.Nodes["n2"].Running = false },
		drift:   "the brick process is not running",
		reset: func() {
			clear(pool.Members)
			clear(pool.Volumes)
			for name, m := range f.machines {
				m.RemoveAll(glusterBrick)
				*pool.Nodes[name] = glustertest.Node{Address: pool.Nodes[name].Address, KnownAs: map[string]bool{}}
			}
		},
		createFault: "gluster", updateFault: "gluster",
		updated: func() (err error) {
			f.locked(func() {
				if options := pool.Volumes["content"].Options; options["network.ping-timeout"] != "20" || options["performance.io-cache"] != "off" {
					err = fmt.Errorf("options are %v", options)
				}
			})
			return err
		},
		kept: func() (err error) {
			f.locked(func() {
				if volume := pool.Volumes["content"]; volume == nil || volume.State != "Stopped" {
					err = fmt.Errorf("the volume is %v", volume)
				}
			})
			return err
		},
		wiped: func() (err error) {
			f.locked(func() {
				for name, m := range f.machines {
					if _, found := m.Directories[glusterBrick]; found || len(pool.Volumes) > 0 {
						err = fmt.Errorf("%s has a brick or a volume: %v", name, pool.Volumes)
					}
				}
			})
			return err
		},
	}
}

const galeraConfig = "/etc/mysql/mariadb.conf.d/70-ha.cnf"

func galeraCluster(t *testing.T) (*fleet, subject) {
	t.Helper()
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	body := `name = "shop"
  databases = { wordpress = { charset = "utf8mb4" } }
  users = { wordpress = { hosts = ["%"], password_wo = "pa55w0rd", password_wo_version = 1, grants = { "wordpress.*" = ["ALL"] } } }
`
	return f, subject{
		kind: "ha_galera_cluster", name: "shop",
		body: body,
		// The series that runs may be declared at any time.
		changed: body + "version = \"10.11\"\nsettings = { back_log = \"333\" }",
		frozen:  frozen{"name", "shop", "store"},
		refused: map[string]func(string) string{
			"The peers of n2 know it as 10.*cannot move it to 10.0.0.77": moved,
			`version is "mariadb" and cannot become "percona"`: func(config string) string {
				return strings.Replace(config, "name = \"shop\"\n", "name = \"shop\"\nversion = \"pxc-84\"\n", 1)
			},
		},
		harm:  func() { f.machines["n2"].WriteFile(galeraConfig, "# by hand\n") },
		drift: "70-ha.cnf differs",
		lost:  "bootstrap the cluster a second time",
		reset: func() {
			for _, node := range cluster.Nodes {
				*node = galeratest.Node{Name: node.Name, Seqno: -1}
			}
			clear(cluster.Past)
		},
		createFault: "galera-member", updateFault: "galera-member",
		updated: func() (err error) {
			f.locked(func() {
				for name, node := range cluster.Nodes {
					if node.History == nil || len(node.History.Members) != 3 || !strings.Contains(node.Config, "back_log = 333") {
						err = fmt.Errorf("%s is %+v", name, node)
					}
				}
			})
			return err
		},
		kept: func() (err error) {
			f.locked(func() {
				for name, node := range cluster.Nodes {
					if node.History == nil || node.History.Accounts["wordpress@%"] == nil {
						err = fmt.Errorf("%s does not serve: %+v", name, node)
					}
				}
			})
			return err
		},
		wiped: func() (err error) {
			f.locked(func() {
				for name, node := range cluster.Nodes {
					if node.History != nil || node.UUID != "" {
						err = fmt.Errorf("%s still has data: %+v", name, node)
					}
				}
			})
			return err
		},
	}
}

const (
	webMount  = `mount = { source = "10.0.0.21:/content", backup_servers = ["10.0.0.22", "10.0.0.23"] }`
	webSite   = "/etc/apache2/sites-available/terraform-ha-shop.conf"
	webMarker = "/var/lib/terraform-ha/web-shop.json"
)

// webTier serves what it mounts or, without a mount, files of each node's own.
func webTier(t *testing.T, mount string) (*fleet, subject) {
	t.Helper()
	f := newFleet(t, "n1", "n2", "n3")
	tier := webtiertest.Install(t, f.machines, "shop")
	body := "name = \"shop\"\n  document_root = \"/srv/www/shop\"\n  " + mount + "\n"
	// gone wants machines that serve nothing, and the files of the site there or not.
	gone := func(files bool) func() error {
		return func() (err error) {
			f.locked(func() {
				for name, s := range tier.Servers {
					content := s.Local
					if mount != "" {
						content = tier.Volume
					}
					if s.Serving() || s.Exists(webSite) || s.Exists(webMarker) || s.Mounted != "" || content.Root != files {
						err = fmt.Errorf("%s serves %t, mounts %q, files %+v", name, s.Serving(), s.Mounted, content)
					}
				}
			})
			return err
		}
	}
	lost := ""
	if mount != "" {
		lost = "the sentinel is not that of this site"
	}
	return f, subject{
		kind: "ha_web_tier", name: "shop", lost: lost,
		body:    body,
		changed: body + "server_name = \"shop.example.org\"\n  php_settings = { memory_limit = \"300M\" }",
		frozen:  frozen{"document_root", "/srv/www/shop", "/srv/www/store"},
		refused: map[string]func(string) string{
			"A site cannot move between the machines' own disks and a volume": func(config string) string {
				if mount == "" {
					return with(webMount)(config)
				}
				return replaced(mount, "")(config)
			},
			"port is 80 and cannot become 8080": with("port = 8080"),
		},
		harm:        func() { f.machines["n2"].WriteFile(webSite, "# by hand\n") },
		drift:       "terraform-ha-shop.conf differs",
		reset:       tier.Reset,
		createFault: "web-configure-apache", updateFault: "web-configure-apache",
		updated: func() (err error) {
			f.locked(func() {
				for name, s := range tier.Servers {
					if content := s.Machine.Files[webSite].Content; !s.Serving() || !strings.Contains(content, "ServerName shop.example.org") {
						err = fmt.Errorf("%s serves %t:\n%s", name, s.Serving(), content)
					}
				}
			})
			return err
		},
		kept: gone(true), wiped: gone(false),
	}
}

// TestLife takes every resource from its creation to its end with its data.
func TestLife(t *testing.T) {
	for name, build := range subjects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := build(t)
			f.ssh += f.vouched()
			config := f.config(f.resource(s.kind, s.body))
			changed := f.config(f.resource(s.kind, s.changed))
			var since traffic
			refused := &refusals{fleet: f}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: slices.Concat([]resource.TestStep{
					{
						Config:            config,
						ConfigStateChecks: []statecheck.StateCheck{records{subject: name, address: s.address()}},
						ConfigPlanChecks: resource.ConfigPlanChecks{
							PreApply:            []plancheck.PlanCheck{plancheck.ExpectResourceAction(s.address(), plancheck.ResourceActionCreate), f.silent()},
							PostApplyPreRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan(), note(func() { since = f.traffic() })},
							PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan(), planCheck(func(plancheck.CheckPlanRequest) error {
								if connections, commands := f.most(since); connections != 1 || commands < 1 || commands > 2 {
									return fmt.Errorf("an empty plan took %d connections and %d commands per machine", connections, commands)
								}
								return nil
							}), refused.learn(&since)},
						},
					},
				}, refused.steps(s, config), []resource.TestStep{
					{
						PreConfig: func() {
							refused.verify(t)
							f.locked(s.harm)
						},
						Config:           config,
						ConfigPlanChecks: before(plancheck.ExpectResourceAction(s.address(), plancheck.ResourceActionUpdate), drifted(s.address(), s.drift)),
						Check:            resource.TestCheckResourceAttr(s.address(), "drift.%", "0"),
					},
					{
						Config:           changed,
						ConfigPlanChecks: before(plancheck.ExpectResourceAction(s.address(), plancheck.ResourceActionUpdate)),
						Check:            look(s.updated),
					},
					{
						// What the last plan said is no property of the machines.
						ResourceName: s.address(), ImportState: true, ImportStateId: f.importID(s.name), ImportStateVerify: true, ImportStateVerifyIgnore: []string{"rollout"},
					},
					{ResourceName: s.address(), ImportState: true, ImportStateId: f.importID(s.name), ImportStateKind: resource.ImportBlockWithID},
					{
						PreConfig:        func() { f.down("n3") },
						Config:           changed,
						PlanOnly:         true,
						ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan(), f.warns("n3")),
					},
					{
						PreConfig:        func() { f.down(f.names()...) },
						Config:           changed,
						PlanOnly:         true,
						ConfigPlanChecks: refreshed(plancheck.ExpectEmptyPlan(), f.warns(f.names()...)),
					},
				}, f.reinstalled(s, changed)),
				CheckDestroy: look(s.wiped),
			})
		})
	}
}

// reinstalled makes every machine anew: of most tiers nothing is left then. Where
// the state knows a history, an empty cluster in its place would hide the loss, or
// what has only not been mounted yet.
func (f *fleet) reinstalled(s subject, config string) []resource.TestStep {
	anew := func() {
		f.up()
		f.reinstall()
		f.locked(s.reset)
	}
	wipe := resource.TestStep{Config: f.config(f.resource(s.kind, s.changed+s.wipe()))}
	if s.lost != "" {
		up, refused := wipe, resource.TestStep{Config: config + "# again\n", PreConfig: anew, ExpectError: loose("(?s)Unable to Update.*" + s.lost)}
		up.PreConfig = f.up
		return []resource.TestStep{up, refused}
	}
	return []resource.TestStep{{
		PreConfig: anew, Config: config,
		ConfigPlanChecks: before(plancheck.ExpectResourceAction(s.address(), plancheck.ResourceActionCreate)),
		Check:            look(s.updated),
	}, wipe}
}

// TestFailures lets every resource fail half-way, and ends it with its data kept.
func TestFailures(t *testing.T) {
	for name, build := range subjects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := build(t)
			config := f.config(f.resource(s.kind, s.body))
			changed := f.config(f.resource(s.kind, s.changed))
			at := s.updateAt
			if at == nil {
				at = func() string { return "n1" }
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: f.factories(),
				Steps: []resource.TestStep{
					{
						PreConfig:   func() { f.machines["n1"].FailNext(s.createFault) },
						Config:      config,
						ExpectError: loose("(?s)Unable to Create.*Nothing was rolled back.*has not recorded"),
					},
					{
						Config:           config,
						ConfigPlanChecks: before(plancheck.ExpectResourceAction(s.address(), plancheck.ResourceActionCreate)),
					},
					{
						PreConfig:   func() { f.machines[at()].FailNext(s.updateFault) },
						Config:      changed,
						ExpectError: loose("(?s)Unable to Update.*the next plan shows what is left"),
					},
					{
						Config:           changed,
						ConfigPlanChecks: before(plancheck.ExpectResourceAction(s.address(), plancheck.ResourceActionUpdate)),
						Check:            look(s.updated),
					},
				},
				CheckDestroy: look(s.kept),
			})
		})
	}
}

// silent wants that no machine was contacted.
func (f *fleet) silent() plancheck.PlanCheck {
	return planCheck(func(plancheck.CheckPlanRequest) error {
		for name, server := range f.servers {
			if server.Connections() != 0 {
				return fmt.Errorf("%s was contacted", name)
			}
		}
		return nil
	})
}

// warns wants a warning about each of the machines, and about no other.
func (f *fleet) warns(names ...string) plancheck.PlanCheck {
	return planCheck(func(plancheck.CheckPlanRequest) error {
		said := f.warned()
		about := map[string]bool{}
		for _, match := range regexp.MustCompile(`What is known of (\w+) is kept`).FindAllStringSubmatch(said, -1) {
			about[match[1]] = true
		}
		for _, name := range names {
			if !about[name] {
				return fmt.Errorf("no warning about %s: %s", name, said)
			}
		}
		if len(about) != len(names) {
			return fmt.Errorf("warnings about %v: %s", about, said)
		}
		return nil
	})
}
