package sitetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/demo"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

const title = "A highly available site"

func (s *site) create(t *testing.T) {
	started := time.Now()
	must(t, s.Prepare(t.Context()))
	took(t, "providers built, terraform init", started)
	s.apply(t, "apply from nothing, with the machines' boot")
	s.find(t)
	s.wantWhole(t)
	s.wantWordPress(t)
}

// wantWordPress fails unless visitors find the site and its administrator can
// log in.
func (s *site) wantWordPress(t *testing.T) {
	t.Helper()
	page, err := s.get(t.Context(), "/")
	must(t, err)
	if !strings.Contains(page, title) {
		t.Errorf("the site does not show its title %q:\n%.500s", title, page)
	}
	if _, err := s.seen().LogIn(t.Context(), http.DefaultClient, demo.Administrator, s.secret(t, "wordpress_admin_password")); err != nil {
		t.Errorf("the administrator cannot log in: %v", err)
	}
}

// secondPlan is empty and asks each machine over one connection.
func (s *site) secondPlan(t *testing.T) {
	before := s.logins(t)
	s.wantEmpty(t, "after the apply")
	for node, count := range s.logins(t) {
		if more := count - before[node]; more != 1 {
			t.Errorf("the plan has opened %d SSH connections to %s, not 1", more, node)
		}
	}
	// What a user of the demo types; the test's log shows what they print.
	for _, verb := range []func(context.Context) error{s.URL, s.Plan, s.Status} {
		must(t, verb(t.Context()))
	}
}

// logins counts the SSH connections that each machine has let in.
func (s *site) logins(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for node := range s.machines {
		count, err := strconv.Atoi(s.sh(t, node, "journalctl --quiet --no-pager _COMM=sshd | grep -c 'Accepted publickey' || true"))
		must(t, err)
		counts[node] = count
	}
	return counts
}

// replication is what the tiers are for.
func (s *site) replication(t *testing.T) {
	s.placeProbe(t)
	s.sh(t, "web1", `echo "from web1" > "$1/hello.txt"`, documentRoot)
	for _, node := range s.webServers()[1:] {
		if said := s.sh(t, node, `cat "$1/hello.txt"`, documentRoot); said != "from web1" {
			t.Errorf("%s reads %q", node, said)
		}
	}
	_, err := s.throughFloating(t.Context(), "web2", s.databasePassword(t),
		"CREATE TABLE IF NOT EXISTS hello (said VARCHAR(20) PRIMARY KEY); REPLACE INTO hello VALUES ('from web2')")
	must(t, err)
	s.wantData(t)
}

// wantData fails unless the file and the row of the part replication are
// everywhere.
func (s *site) wantData(t *testing.T) {
	t.Helper()
	for _, node := range s.webServers() {
		if said := s.sh(t, node, `cat "$1/hello.txt"`, documentRoot); said != "from web1" {
			t.Errorf("%s reads %q", node, said)
		}
	}
	for _, node := range s.databases() {
		said, err := s.sql(t.Context(), node, "SET SESSION wsrep_sync_wait = 1; SELECT said FROM wordpress.hello")
		if err != nil || said != "from web2" {
			t.Errorf("%s has the row %q: %v", node, said, err)
		}
	}
}

// settings are those of the databases with one that no server takes while it runs.
func settings(backlog int) string {
	return fmt.Sprintf(`{"innodb_buffer_pool_size" = "512M", "back_log" = "%d"}`, backlog)
}

// update changes a setting that needs a restart of every database.
func (s *site) update(t *testing.T) {
	s.variables["database_settings"] = settings(100)
	plan := s.plan(t)
	plan.wantNoDestruction(t)
	if touched := plan.touches(); !slices.Equal(touched, []string{"ha_galera_cluster"}) {
		t.Errorf("a setting of the database changes %v", touched)
	}
	probe := s.startProbe(t)
	s.apply(t, "apply of a setting, database after database")
	longest := probe.report(t, s, "while the databases were restarted")
	if longest > 15*time.Second {
		t.Errorf("the site was away for %s", longest)
	}
	s.wantBacklog(t, "100")
	s.wantWhole(t)
	s.wantKept(t, probe)
	s.wantEmpty(t, "after the update")
}

func (s *site) wantBacklog(t *testing.T, want string) {
	t.Helper()
	for _, node := range s.databases() {
		if have, err := s.sql(t.Context(), node, "SELECT @@back_log"); err != nil || have != want {
			t.Errorf("%s runs with back_log = %q instead of %s: %v", node, have, want, err)
		}
	}
}

// resource is a resource in Terraform's state.
type resource struct {
	Address string
	Values  struct {
		Name  string
		Nodes map[string]struct{ Host string }
	}
}

// ours are the provider's resources by type.
func (s *site) ours(t *testing.T) map[string]resource {
	t.Helper()
	type module struct {
		Resources []json.RawMessage
		Children  []json.RawMessage `json:"child_modules"`
	}
	var state struct {
		Values struct {
			Root json.RawMessage `json:"root_module"`
		}
	}
	must(t, json.Unmarshal([]byte(s.do(t, "show", "-json")), &state))
	found := map[string]resource{}
	for modules := []json.RawMessage{state.Values.Root}; len(modules) > 0; modules = modules[1:] {
		var m module
		must(t, json.Unmarshal(modules[0], &m))
		modules = append(modules, m.Children...)
		for _, raw := range m.Resources {
			var kind struct{ Type string }
			must(t, json.Unmarshal(raw, &kind))
			// Keys for SSH and waits are on no machine of their own, and there are many.
			if strings.HasPrefix(kind.Type, "ha_") && !slices.Contains([]string{"ha_ssh_host_key", "ha_web_arrival", "ha_web_departure"}, kind.Type) {
				var r resource
				must(t, json.Unmarshal(raw, &r))
				found[kind.Type] = r
			}
		}
	}
	return found
}

// importAll forgets the provider's resources and takes them from the machines.
func (s *site) importAll(t *testing.T) {
	ours := s.ours(t)
	if len(ours) != 4 {
		t.Fatalf("the state has %v", slices.Sorted(maps.Keys(ours)))
	}
	for _, each := range ours {
		s.do(t, "state", "rm", each.Address)
	}
	// An import names one machine by its address alone; the keys that the machines
	// were given vouch for it, and for those that it names.
	known := "HA_SSH_KNOWN_HOSTS=" + s.output(t, "known_hosts")
	for kind, each := range ours {
		node := slices.Sorted(maps.Keys(each.Values.Nodes))[1]
		started := time.Now()
		command := s.terraform(t, "import", "-input=false", "-no-color", each.Address, each.Values.Name+"@"+each.Values.Nodes[node].Host)
		command.Env = append(command.Env, known)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("import of %s: %v\n%s", kind, err, out)
		}
		took(t, "import of "+kind, started)
	}
	// An import takes no host key from a machine, so the configuration's are new.
	s.apply(t, "apply after the import")
	s.wantEmpty(t, "after the import")
}

// targets are the parts of the site that the provider makes.
func targets() []string {
	return []string{"-target=module.website.module.web", "-target=module.website.module.database", "-target=module.website.module.files"}
}

func (s *site) destroyTiers(t *testing.T, what string) {
	t.Helper()
	started := time.Now()
	s.do(t, append([]string{"destroy", "-auto-approve", "-input=false", "-no-color"}, targets()...)...)
	took(t, what, started)
	if left := s.ours(t); len(left) > 0 {
		t.Errorf("the state still has %v", slices.Sorted(maps.Keys(left)))
	}
}

// destroyKeep destroys the tiers, which keep their data, and builds them again.
func (s *site) destroyKeep(t *testing.T) {
	s.wantData(t)
	s.destroyTiers(t, "destroy of the tiers, data kept")
	for _, node := range s.fileServers() {
		if _, err := s.ask(t.Context(), node, `grep -qx "from web1" "$1/site/hello.txt"`, s.brick()); err != nil {
			t.Errorf("the file is gone from the brick: %v", err)
		}
	}
	for _, node := range s.databases() {
		if _, err := s.ask(t.Context(), node, "test -e /var/lib/mysql/wordpress/hello.ibd"); err != nil {
			t.Errorf("the table is gone: %v", err)
		}
	}
	s.apply(t, "apply that finds the data again")
	s.wantWhole(t)
	s.wantData(t)
	s.wantWordPress(t)
	s.wantEmpty(t, "after it")
}

func (s *site) brick() string { return "/srv/gluster/" + volume + "/brick" }

// destroyWipe destroys the tiers with their data, and builds them anew.
func (s *site) destroyWipe(t *testing.T) {
	s.variables["on_destroy"] = "wipe"
	plan := s.plan(t)
	plan.wantNoDestruction(t)
	s.apply(t, "apply of on_destroy = wipe")
	s.wantWordPress(t)
	s.destroyTiers(t, "destroy of the tiers, data wiped")
	for _, node := range s.fileServers() {
		if left := s.sh(t, node, `find "$(dirname "$1")" -mindepth 1 2>/dev/null | head -5; ls /var/lib/glusterd/vols`, s.brick()); left != "" {
			t.Errorf("%s still has\n%s", node, left)
		}
	}
	for _, node := range s.databases() {
		if left := s.sh(t, node, "ls -d /var/lib/mysql/wordpress /var/lib/mysql/grastate.dat 2>/dev/null || true"); left != "" {
			t.Errorf("%s still has\n%s", node, left)
		}
	}
	delete(s.variables, "on_destroy")
	s.apply(t, "apply that builds the tiers anew")
	s.wantWhole(t)
	s.wantWordPress(t)
}

// destroyAll destroys everything at once, as a user does who keeps the data on
// machines that go too: each tier goes while its machines are there, and none of
// them waits for one that is gone.
func (s *site) destroyAll(t *testing.T) {
	started := time.Now()
	s.do(t, "destroy", "-auto-approve", "-input=false", "-no-color")
	took(t, "destroy of everything, data kept", started)
	left, err := machine.List(t.Context(), s.Docker, s.Folder.Name)
	must(t, err)
	for _, each := range left {
		if each.Kind == "machine" || each.Kind == "balancer" {
			t.Errorf("left: %s %s", each.Kind, each.Name)
		}
	}
	if state, err := os.ReadFile(filepath.Join(s.terraform(t, "version").Dir, "terraform.tfstate")); err != nil || strings.Contains(string(state), `"instances"`) {
		t.Errorf("the state is not empty: %v", err)
	}
}
