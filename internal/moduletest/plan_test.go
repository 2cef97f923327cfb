package moduletest

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testPlanOfTheWebsite plans the whole site with the real providers, which
// reach nothing: the API's address leads nowhere, and there is no machine yet.
// No secret may be in what a plan shows or stores.
func testPlanOfTheWebsite(t *testing.T, c cli) {
	const (
		adminPassword    = "admin-password-of-the-test"
		databasePassword = "database-password-of-the-test"
	)
	private, public := keyPair(t)
	c.environment = []string{
		"LINODE_TOKEN=token-of-the-test", "LINODE_URL=http://127.0.0.1:9",
		`TF_VAR_admin_cidrs=["203.0.113.7/32"]`,
		"TF_VAR_ssh_public_key=" + public, "TF_VAR_ssh_private_key=" + private,
		"TF_VAR_wordpress_admin_password=" + adminPassword, "TF_VAR_wordpress_database_password=" + databasePassword,
	}
	dir := filepath.Join(copyOfTree(t), "examples", "website")
	run := func(arguments ...string) string {
		output, err := c.run(t.Context(), dir, arguments...)
		if err != nil {
			t.Fatal(err)
		}
		return output
	}

	run("init", "-input=false", "-no-color")
	plan := run("plan", "-input=false", "-no-color", "-out=site.tfplan")
	// 9 machines with their host keys, 3 firewalls, 3 placement groups, the
	// NodeBalancer with its configuration and 3 backends with their addresses, 4 resources of ha, and 3 waits for a backend and 3 for a machine.
	if want := "Plan: 42 to add, 0 to change, 0 to destroy."; !strings.Contains(plan, want) {
		t.Errorf("the plan does not say %q:\n%s", want, plan)
	}
	if strings.Contains(plan, "Warning") {
		t.Errorf("the plan warns:\n%s", plan)
	}
	stored := run("show", "-json", "site.tfplan")
	for _, secret := range []string{adminPassword, databasePassword, strings.Split(private, "\n")[1]} {
		if strings.Contains(plan, secret) || strings.Contains(stored, secret) {
			t.Errorf("%q is in the plan", secret)
		}
	}

	c.environment = append(c.environment, "TF_VAR_wordpress=false", "TF_VAR_protect=true")
	plan = run("plan", "-input=false", "-no-color")
	if want := "Plan: 42 to add, 0 to change, 0 to destroy."; !strings.Contains(plan, want) {
		t.Errorf("without WordPress, the plan does not say %q:\n%s", want, plan)
	}
	if got := len(regexp.MustCompile(`\+ protect +=\s+true`).FindAllString(plan, -1)); got != 2 {
		t.Errorf("%d resources are protected, want the volume and the cluster:\n%s", got, plan)
	}
}

// testSettingsOfTheWebsite plans what the module website only hands on.
func testSettingsOfTheWebsite(t *testing.T, c cli) {
	_, public := keyPair(t)
	private, _ := keyPair(t)
	c.environment = []string{"LINODE_TOKEN=token-of-the-test", "LINODE_URL=http://127.0.0.1:9", "HA_SSH_PRIVATE_KEY=" + private}
	dir := filepath.Join(copyOfTree(t), "settings")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "main.tf"), fmt.Sprintf(`
module "website" {
  source          = "../modules/website"
  name            = "shop"
  region          = "us-ord"
  admin_cidrs     = ["203.0.113.7/32"]
  authorized_keys = [%q]
  databases = {
    version = "pxc-80"
    nodes   = { db1 = { slot = 1, settings = { innodb_io_capacity = "777" } }, db2 = { slot = 2, maintenance = "stopped" }, db3 = { slot = 3 } }

    restart_trigger             = "databases-1"
    floating_ip_restart_trigger = "keepalived-1"
    rolling                     = { first = "db3", bake_seconds = 61 }
    recovery                    = { bootstrap_node = "db1", allow_missing = ["db3"], attempt = 9 }
  }
  files = {
    nodes   = { a = { slot = 1 }, b = { slot = 2, maintenance = "drained" }, c = { slot = 3 }, d = { slot = 4 }, e = { slot = 5 } }
    replica = 5, profile = "none", ping_timeout_seconds = 42

    restart_trigger = "files-1"
    rolling         = { first = "e", stop_after = 4 }
  }
  web = {
    nodes       = { web1 = { slot = 1 }, web2 = { slot = 2, maintenance = "stopped" } }
    php_workers = 12, trusted_proxies = ["10.1.0.0/16"]

    restart_trigger = "web-1"
    os              = { updates = "all", reboot = "if-required" }
    rolling         = { first = "web2", check_url = "https://www.example.org/health" }
  }
}
`, public))
	var plan string
	for _, arguments := range [][]string{{"init", "-input=false", "-no-color"}, {"plan", "-input=false", "-no-color"}} {
		var err error
		if plan, err = c.run(t.Context(), dir, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`version += "pxc-80"`, `"innodb_io_capacity" = "777"`, `replica += 5`, `ping_timeout_seconds += 42`, `php_workers += 12`, `trusted_proxies += \[\n +\+ "10.1.0.0/16"`,
		`maintenance += "drained"`, `maintenance += "stopped"`, `restart_trigger += "databases-1"`, `restart_trigger += "keepalived-1"`, `restart_trigger += "files-1"`,
		`restart_trigger += "web-1"`, `first += "db3"`, `first += "e"`, `first += "web2"`, `bake_seconds += 61`, `stop_after += 4`, `check_url += "https://www.example.org/health"`,
		`updates += "all"`, `reboot += "if-required"`, `bootstrap_node += "db1"`, `allow_missing += \[\n +\+ "db3"`, `attempt += 9`} {
		if !regexp.MustCompile(want).MatchString(plan) {
			t.Errorf("the plan does not have %s:\n%s", want, plan)
		}
	}
	// One node of each tier, and none of the floating IP.
	if got := strings.Count(plan, "+ maintenance "); got != 3 {
		t.Errorf("%d nodes are in maintenance, want 3:\n%s", got, plan)
	}
}

// keyPair makes a key as the provider and as authorized_keys want it.
func keyPair(t *testing.T) (private, public string) {
	t.Helper()
	publicKey, privateKey, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(privateKey)
	if err != nil {
		t.Fatal(err)
	}
	private = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
	// RFC 4253, section 6.6: each field after its length.
	var wire []byte
	for _, field := range [][]byte{[]byte("ssh-ed25519"), publicKey} {
		wire = binary.BigEndian.AppendUint32(wire, uint32(len(field)))
		wire = append(wire, field...)
	}
	return private, "ssh-ed25519 " + base64.StdEncoding.EncodeToString(wire) + " test"
}
