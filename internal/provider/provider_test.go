package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

// TestMain gives plugin-testing the Terraform on PATH, so that it downloads none.
func TestMain(m *testing.M) {
	for _, variable := range []string{"HA_SSH_PRIVATE_KEY", "LINODE_TOKEN", "LINODE_URL", "TF_CLI_CONFIG_FILE"} {
		os.Unsetenv(variable)
	}
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		for _, name := range []string{"terraform", "tofu"} {
			if found, err := exec.LookPath(name); err == nil {
				os.Setenv("TF_ACC_TERRAFORM_PATH", found)
				if name == "tofu" {
					os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org")
				}
				break
			}
		}
	}
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		fmt.Fprintln(os.Stderr, "neither terraform nor tofu is on PATH; install Terraform 1.11 or later, or OpenTofu 1.11 or later")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"ha": providerserver.NewProtocol6WithError(provider.New("test")()),
}

// providerBlock returns a provider block with the key, and more of its ssh attribute.
func providerBlock(key, more string) string {
	return fmt.Sprintf("provider \"ha\" {\n  ssh = {\n    private_key = <<EOT\n%s\nEOT\n    %s\n  }\n}\n", strings.TrimSpace(key), more)
}

func newKey(t *testing.T) string {
	t.Helper()
	return sshtest.NewKey(t)
}

const threeNodes = `nodes = {
    n1 = { host = "203.0.113.1", address = "10.0.0.1" }
    n2 = { host = "203.0.113.2", address = "10.0.0.2" }
    n3 = { host = "203.0.113.3", address = "10.0.0.3" }
  }`

// TestBadInputFailsAtPlan holds bad input against the message that a user reads.
// Nothing listens at the addresses, so a test that contacted a machine would hang.
func TestBadInputFailsAtPlan(t *testing.T) {
	galera := func(body string) string {
		return "resource \"ha_galera_cluster\" \"t\" {\n  name = \"shop\"\n" + body + "\n}\n"
	}
	gluster := func(body string) string {
		return "resource \"ha_gluster_volume\" \"t\" {\n  name = \"content\"\n" + body + "\n}\n"
	}
	floating := func(body string) string {
		return "resource \"ha_floating_ip\" \"t\" {\n" + body + "\n}\n"
	}
	web := func(body string) string {
		return "resource \"ha_web_tier\" \"t\" {\n  name = \"shop\"\n" + body + "\n}\n"
	}
	two := strings.Replace(threeNodes, `n3 = { host = "203.0.113.3", address = "10.0.0.3" }`, "", 1)
	same := strings.Replace(threeNodes, `"203.0.113.3"`, `"203.0.113.1"`, 1)
	twice := strings.Replace(threeNodes, `"10.0.0.3"`, `"10.0.0.1"`, 1)
	tests := map[string]struct{ config, want string }{
		"galera: two nodes":           {galera(two), "at least 3 nodes"},
		"galera: same host":           {galera(same), "same machine"},
		"galera: same address":        {galera(twice), "same address"},
		"galera: unknown setting":     {galera(threeNodes + "\nsettings = { innodb_bufer_pool_size = \"1G\" }"), "no setting of"},
		"galera: reserved setting":    {galera(threeNodes + "\nsettings = { wsrep_on = \"OFF\" }"), "cannot be set"},
		"galera: setting with lines":  {galera(threeNodes + "\nsettings = { init_connect = \"a\\nb\" }"), "line breaks"},
		"galera: database as shell":   {galera(threeNodes + "\ndatabases = { \"a$(reboot)\" = {} }"), "database's name"},
		"galera: system schema":       {galera(threeNodes + "\ndatabases = { mysql = {} }"), "schema of the engine"},
		"galera: user as SQL":         {galera(threeNodes + "\nusers = { \"a'@'%\" = {} }"), "user's name"},
		"galera: grant on nonsense":   {galera(threeNodes + "\nusers = { a = { grants = { \"shop; DROP\" = [\"ALL\"] } } }"), "database.table"},
		"galera: privilege as SQL":    {galera(threeNodes + "\nusers = { a = { grants = { \"shop.*\" = [\"ALL TO b; --\"] } } }"), "privilege's name"},
		"galera: password alone":      {galera(threeNodes + "\nusers = { a = { password_wo = \"x\" } }"), "belong together"},
		"gluster: relative brick":     {gluster(threeNodes + "\nbrick_path = \"srv/brick\""), "is relative"},
		"gluster: replica 2":          {gluster(two + "\nbrick_path = \"/srv/g/brick\""), "(?i)arbiter|replica"},
		"gluster: bricks together":    {gluster(twice + "\nbrick_path = \"/srv/g/brick\""), "10.0.0.1"},
		"floating: outside network":   {floating(threeNodes + "\naddress = \"10.9.0.100/24\""), "(?i)network"},
		"floating: a node's address":  {floating(threeNodes + "\naddress = \"10.0.0.2/24\""), "(?i)address of node n2"},
		"floating: router id":         {floating(threeNodes + "\naddress = \"10.0.0.100/24\"\nrouter_id = 256"), "between 1 and 255"},
		"floating: long secret":       {floating(threeNodes + "\naddress = \"10.0.0.100/24\"\nauth_secret = \"ninechars\""), "first 8"},
		"floating: two checks":        {floating(threeNodes + "\naddress = \"10.0.0.100/24\"\ncheck = { galera = {}, tcp = { port = 1 } }"), "exactly one"},
		"floating: command with args": {floating(threeNodes + "\naddress = \"10.0.0.100/24\"\ncheck = { command = { path = \"curl localhost\" } }"), "(?i)absolute"},
		"web: relative root":          {web(threeNodes + "\ndocument_root = \"www\""), "(?i)absolute"},
		"web: root outside mount":     {web(threeNodes + "\ndocument_root = \"/var/www/x\"\nmount_point = \"/srv/www\"\nmount = { source = \"10.0.0.1:/content\" }"), "(?i)mount"},
		"web: mount on a system path": {web(threeNodes + "\ndocument_root = \"/usr/share/x\"\nmount_point = \"/usr\"\nmount = { source = \"10.0.0.1:/content\" }"), "(?i)/usr"},
		"web: server name as config":  {web(threeNodes + "\ndocument_root = \"/srv/www/x\"\nserver_name = \"a\\nInclude /etc/passwd\""), "(?i)name"},
		"nodes: empty":                {galera("nodes = {}"), "at least 3 nodes"},
	}
	key := newKey(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{{
					Config:      providerBlock(key, "") + test.config,
					PlanOnly:    true,
					ExpectError: loose(test.want),
				}},
			})
		})
	}
}

// loose lets a pattern match text that Terraform has wrapped into lines.
func loose(pattern string) *regexp.Regexp {
	return regexp.MustCompile(strings.ReplaceAll(pattern, " ", `[\s│]+`))
}

func TestBadCredentialsFailAtPlan(t *testing.T) {
	good, authority := newKey(t), newKey(t)
	expired := sshtest.NewCertificate(t, sshtest.Certificate{
		Key: good, CA: authority, Principals: []string{"root"},
		ValidAfter: time.Now().Add(-2 * time.Hour), ValidBefore: time.Now().Add(-time.Hour),
	})
	foreign := sshtest.NewCertificate(t, sshtest.Certificate{Key: newKey(t), CA: authority, Principals: []string{"root"}})
	locked := sshtest.NewEncryptedKey(t, "open sesame")
	body := "resource \"ha_galera_cluster\" \"t\" {\n  name = \"shop\"\n  " + threeNodes + "\n}\n"
	tests := map[string]struct{ config, want string }{
		"no key":                {"provider \"ha\" {}\n", "no SSH key is configured|No SSH key is configured"},
		"public key":            {providerBlock(sshtest.PublicLine(t, good), ""), "public key"},
		"nonsense":              {providerBlock("not a key", ""), "(?i)key"},
		"policy":                {providerBlock(good, `host_key_policy = "no"`), "(?i)pinned"},
		"duration":              {providerBlock(good, `boot_timeout = "soon"`), "(?i)duration"},
		"expired certificate":   {providerBlock(good, "certificate = \""+expired+"\""), "(?i)certificate.*expired"},
		"another's certificate": {providerBlock(good, "certificate = \""+foreign+"\""), "(?i)certificate"},
		"no passphrase":         {providerBlock(locked, ""), "(?i)passphrase"},
		"wrong passphrase":      {providerBlock(locked, `private_key_passphrase = "close sesame"`), "(?i)passphrase"},
		"bastion's key":         {providerBlock(good, "bastions = [{ host = \"203.0.113.9\", private_key = \"-----BEGIN NONSENSE-----\" }]"), "(?i)key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps:                    []resource.TestStep{{Config: test.config + body, PlanOnly: true, ExpectError: loose(test.want)}},
			})
		})
	}
}
