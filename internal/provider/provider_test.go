package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

// TestMain gives plugin-testing the Terraform on PATH, so that it downloads none.
func TestMain(m *testing.M) {
	for _, variable := range []string{"SSH_AUTH_SOCK", "HA_SSH_PRIVATE_KEY", "LINODE_TOKEN", "LINODE_URL", "TF_CLI_CONFIG_FILE"} {
		os.Unsetenv(variable)
	}
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		for _, name := range []string{"terraform", "tofu"} {
			if found, err := exec.LookPath(name); err == nil {
				os.Setenv("TF_ACC_TERRAFORM_PATH", found)
				break
			}
		}
	}
	if strings.HasPrefix(filepath.Base(os.Getenv("TF_ACC_TERRAFORM_PATH")), "tofu") {
		os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org")
	}
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		fmt.Fprintln(os.Stderr, "neither terraform nor tofu is on PATH; install Terraform 1.11 or later, or OpenTofu 1.11 or later")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"ha": func() (tfprotov6.ProviderServer, error) { return provider.NewServer("test")(), nil },
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
	samePort := strings.Replace(threeNodes, `"203.0.113.3"`, `"203.0.113.1", port = 22`, 1)
	twice := strings.Replace(threeNodes, `"10.0.0.3"`, `"10.0.0.1"`, 1)
	named := strings.Replace(threeNodes, "n3 =", "\"../n3\" =", 1)
	empty := strings.Replace(threeNodes, `"10.0.0.3"`, `""`, 1)
	brick := threeNodes + "\nbrick_path = \"/srv/g/brick\"\n"
	address := threeNodes + "\naddress = \"10.0.0.100/24\"\ncheck = { none = {} }\n"
	checked := strings.Replace(address, "check = { none = {} }\n", "", 1)
	root := threeNodes + "\ndocument_root = \"/srv/www/x\"\n"
	mount := "mount = { source = \"10.0.0.1:/content\" }"
	const later = "resource \"terraform_data\" \"later\" {}\n"
	byName := strings.Replace(threeNodes, `"203.0.113.3", address = "10.0.0.3"`, `"db3.example.org"`, 1)
	const noAddress = `nodes\["n3"\].address: "db3.example.org" is not an IP address, and the other machines reach n3 at one; set address`
	tests := map[string]struct{ config, want string }{
		"galera: host as address":     {galera(byName), noAddress},
		"floating: host as address":   {floating(byName + "\naddress = \"10.0.0.100/24\"\ncheck = { none = {} }"), noAddress},
		"web: host as address":        {web(byName + "\ndocument_root = \"/srv/www/x\""), noAddress},
		"galera: named once more":     {galera(twice), `nodes\["n3"\].address: n1 and n3 have the same address`},
		"galera: two nodes":           {galera(two), "needs at least 3 nodes to survive"},
		"galera: same host":           {galera(same), "n1 and n3 are the same machine"},
		"galera: same host and port":  {galera(samePort), "n1 and n3 are the same machine"},
		"galera: node as path":        {galera(named), "is not the key of a node: it has 1 to 63 letters"},
		"gluster: node as path":       {gluster(named + "\nbrick_path = \"/srv/g/brick\""), "is not the key of a node: it has 1 to 63 letters"},
		"floating: node as path":      {floating(named + "\naddress = \"10.0.0.100/24\"\ncheck = { none = {} }"), "is not the key of a node: it has 1 to 63 letters"},
		"web: node as path":           {web(named + "\ndocument_root = \"/srv/www/x\""), "is not the key of a node: it has 1 to 63 letters"},
		"galera: same address":        {galera(twice), "and n3 have the same address 10.0.0.1"},
		"galera: option of quorum":    {galera(threeNodes + "\nprovider_options = { \"pc.ignore_sb\" = \"true\" }"), "both halves would go on"},
		"galera: options in one":      {galera(threeNodes + "\nsettings = { wsrep_provider_options = \"gcache.size=1G\" }"), "go into provider_options, one by one"},
		"galera: setting of a node":   {galera(strings.Replace(threeNodes, `"10.0.0.3" }`, `"10.0.0.3", settings = { wsrep_on = "OFF" } }`, 1)), "wsrep_on cannot be set"},
		"galera: reserved setting":    {galera(threeNodes + "\nsettings = { wsrep_on = \"OFF\" }"), "cannot be set: the cluster needs its own value"},
		"galera: setting with lines":  {galera(threeNodes + "\nsettings = { init_connect = \"a\\nb\" }"), "has no quotes, number signs or line breaks"},
		"galera: database as shell":   {galera(threeNodes + "\ndatabases = { \"a$(reboot)\" = {} }"), "database's name has 1 to 64 letters"},
		"galera: system schema":       {galera(threeNodes + "\ndatabases = { mysql = {} }"), "is a schema of the engine itself"},
		"galera: user as SQL":         {galera(threeNodes + "\nusers = { \"a'@'%\" = { hosts = [\"%\"] } }"), "user's name has 1 to 32 letters"},
		"galera: name as SQL":         {galera(threeNodes + "\nusers = { a = { name = \"a'@'%\", hosts = [\"%\"] } }"), "user's name has 1 to 32 letters"},
		"galera: grant on nonsense":   {galera(threeNodes + "\nusers = { a = { hosts = [\"%\"], grants = { \"shop; DROP\" = [\"ALL\"] } } }"), "is not an object of the form"},
		"galera: privilege as SQL":    {galera(threeNodes + "\nusers = { a = { hosts = [\"%\"], grants = { \"shop.*\" = [\"ALL TO b; --\"] } } }"), "is not a privilege's name"},
		"galera: network of a user":   {galera(threeNodes + "\nusers = { a = { hosts = [\"10.0.0.5/24\"] } }"), "the network is 10.0.0.0/255.255.255.0"},
		"galera: password alone":      {galera(threeNodes + "\nusers = { a = { hosts = [\"%\"], password_wo = \"x\" } }"), "and password_wo_version belong together"},
		"gluster: relative brick":     {gluster(threeNodes + "\nbrick_path = \"srv/brick\""), "is relative; a brick path starts with /"},
		"gluster: replica 2":          {gluster(brick + "replica = 2"), "Attribute replica value must be at least 3, got: 2"},
		"gluster: replica 4":          {gluster(brick + "replica = 4"), "4 replicas can be cut into two equal halves"},
		"gluster: two nodes":          {gluster(two + "\nbrick_path = \"/srv/g/brick\""), "2 nodes cannot form sets of 3"},
		"gluster: brick of a node":    {gluster(strings.Replace(brick, `"203.0.113.3"`, `"203.0.113.3", brick_path = "brick"`, 1)), `"brick" is relative; a brick path starts with /`},
		"gluster: bricks together":    {gluster(twice + "\nbrick_path = \"/srv/g/brick\""), "is also the address of n1: two bricks on one machine"},
		"floating: outside network":   {floating(threeNodes + "\naddress = \"10.9.0.100/24\"\ncheck = { none = {} }"), "10.0.0.1 is outside of 10.9.0.0/24, the network of the floating IP"},
		"floating: a node's address":  {floating(threeNodes + "\naddress = \"10.0.0.2/24\"\ncheck = { none = {} }"), "10.0.0.2 is the address of node n2"},
		"floating: router id":         {floating(address + "router_id = 256"), "Attribute router_id value must be between 1 and 255, got: 256"},
		"floating: no check":          {floating(checked), `argument "check" is required`},
		"floating: no kind of check":  {floating(checked + "check = { fall = 3 }"), "check is exactly one of galera, tcp, http, command and none"},
		"floating: priority":          {floating(strings.Replace(address, `"10.0.0.3" }`, `"10.0.0.3", priority = 100 }`, 1)), "The priority of node n3, 100, is that of n1 too"},
		"floating: priority 151":      {floating(strings.Replace(address, `"10.0.0.3" }`, `"10.0.0.3", priority = 151 }`, 1)), `Attribute nodes\["n3"\].priority value must be between 1 and 150, got: 151`},
		"floating: twice":             {floating(address + `additional_addresses = ["10.0.0.100/24"]`), "10.0.0.100 is the first address of the floating IP"},
		"floating: long secret":       {floating(address + "auth_secret = \"ninechars\""), "uses the first 8 characters of the secret only"},
		"floating: two checks":        {floating(checked + "check = { galera = {}, tcp = { port = 1 } }"), "check is exactly one of galera, tcp, http, command and none"},
		"floating: command with args": {floating(checked + "check = { command = { path = \"curl localhost\" } }"), "is not the absolute path of a program"},
		"web: relative root":          {web(threeNodes + "\ndocument_root = \"www\""), "is not an absolute path"},
		"web: root outside mount":     {web(threeNodes + "\ndocument_root = \"/var/www/x\"\nmount_point = \"/srv/www\"\n" + mount), "/var/www/x does not lie on the mount at /srv/www"},
		"web: root on a system path":  {web(threeNodes + "\ndocument_root = \"/usr/share/x\"\n"), "/usr/share/x belongs to the system"},
		"web: mount on a system path": {web(root + "mount_point = \"/usr\"\n" + mount), "/usr belongs to the system"},
		"web: server name as config":  {web(root + "server_name = \"a\\nInclude /etc/passwd\""), "is not a host name"},
		"nodes: empty":                {galera("nodes = {}"), "needs at least 3 nodes to survive"},
		"nodes: empty address":        {floating(strings.Replace(address, threeNodes, empty, 1)), `Attribute nodes\["n3"\].address string length must be at least 1`},
		// A tier's spec takes 0 for a number that was left out: these would be its defaults.
		"galera: password version 0":    {galera(threeNodes + "\nusers = { a = { hosts = [\"%\"], password_wo = \"x\", password_wo_version = 0 } }"), `Attribute users\["a"\].password_wo_version value must be at least 1, got: 0`},
		"gluster: replica 0":            {gluster(brick + "replica = 0"), "Attribute replica value must be at least 3, got: 0"},
		"gluster: arbiter 2":            {gluster(brick + "arbiter = 2"), `Attribute arbiter value must be one of: \["0" "1"\], got: 2`},
		"gluster: disperse 0":           {gluster(brick + "disperse = 0"), "Attribute disperse value must be at least 3, got: 0"},
		"gluster: redundancy 0":         {gluster(brick + "disperse = 3\nredundancy = 0"), "Attribute redundancy value must be at least 1, got: 0"},
		"gluster: ping timeout 0":       {gluster(brick + "ping_timeout_seconds = 0"), "Attribute ping_timeout_seconds value must be between 5 and 1013, got: 0"},
		"floating: router id 0":         {floating(address + "router_id = 0"), "Attribute router_id value must be between 1 and 255, got: 0"},
		"floating: router id -1":        {floating(address + "router_id = -1"), "Attribute router_id value must be between 1 and 255, got: -1"},
		"floating: advertisements at 0": {floating(address + "advertisement_interval_seconds = 0"), "Attribute advertisement_interval_seconds value must be between 0.100000 and 40.000000, got: 0.000000"},
		"floating: holder timeout 0":    {floating(address + "holder_timeout_seconds = 0"), "Attribute holder_timeout_seconds value must be at least 1, got: 0"},
		"floating: check of TCP port 0": {floating(checked + "check = { tcp = { port = 0 } }"), "Attribute check.tcp.port value must be between 1 and 65535, got: 0"},
		"floating: check of web port 0": {floating(checked + "check = { http = { port = 0 } }"), "Attribute check.http.port value must be between 1 and 65535, got: 0"},
		"floating: check interval 0":    {floating(checked + "check = { galera = {}, interval_seconds = 0 }"), "Attribute check.interval_seconds value must be between 1 and 60, got: 0"},
		"floating: check timeout 0":     {floating(checked + "check = { galera = {}, timeout_seconds = 0 }"), "Attribute check.timeout_seconds value must be between 1 and 60, got: 0"},
		"floating: check fall 0":        {floating(checked + "check = { galera = {}, fall = 0 }"), "Attribute check.fall value must be between 1 and 20, got: 0"},
		"floating: check rise 0":        {floating(checked + "check = { galera = {}, rise = 0 }"), "Attribute check.rise value must be between 1 and 20, got: 0"},
		"web: alias beside unknowns":    {later + web(threeNodes+unknownSite+`server_aliases = ["a b"]`), "is not a host name"},
		"web: root beside unknowns":     {later + web(strings.Replace(threeNodes+unknownSite, "/srv/www/x", "/var/www/x", 1)+`mount_point = "/srv/www"`), "/var/www/x does not lie on the mount at /srv/www"},
		"web: e-mail beside unknowns":   {later + web(strings.Replace(threeNodes+unknownSite, "a@example.org", "nobody", 1)), "is not an e-mail address"},
		"galera: user beside unknowns":  {later + galera(threeNodes+"\n"+`users = { "a b" = { hosts = ["%"], grants = { "shop.*" = [terraform_data.later.id] } } }`), "user's name has 1 to 32 letters"},
		"web: port 0":                   {web(root + "port = 0"), "Attribute port value must be between 1 and 65535, got: 0"},
		"web: no PHP workers":           {web(root + "php_workers = 0"), "Attribute php_workers value must be between 1 and 2000, got: 0"},
		"web: drain seconds -1":         {web(root + "drain_seconds = -1"), "Attribute drain_seconds value must be between 0 and 3600, got: -1"},
		"web: NodeBalancer 0":           {web(root + "nodebalancer = { id = 0, config_id = 1 }"), "Attribute nodebalancer.id value must be at least 1, got: 0"},
		"web: NodeBalancer config 0":    {web(root + "nodebalancer = { id = 1, config_id = 0 }"), "Attribute nodebalancer.config_id value must be at least 1, got: 0"},
		"nodes: port 0":                 {galera(strings.Replace(threeNodes, `"203.0.113.3"`, `"203.0.113.3", port = 0`, 1)), `Attribute nodes\["n3"\].port value must be between 1 and 65535, got: 0`},
	}
	key := newKey(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failsAtPlan(t, providerBlock(key, "")+test.config, test.want)
		})
	}
}

// unknownSite is a site on a volume, behind a NodeBalancer and with a database of
// which the same apply learns the names.
const unknownSite = `
  document_root = "/srv/www/x"
  mount         = { source = "${terraform_data.later.id}:/content", options = terraform_data.later.id }
  nodebalancer  = { id = parseint(terraform_data.later.id, 16), config_id = 1 }
  backends      = { n1 = terraform_data.later.id }
  wordpress = {
    url = "http://${terraform_data.later.id}", admin_email = "a@example.org", admin_password_wo = "x"
    database_host = terraform_data.later.id, database_name = terraform_data.later.id, database_user = "shop"
    database_password_wo = "x", password_wo_version = 1
  }
`

// TestUnknownValuesAreNoErrors plans what is made of the results of the same apply.
func TestUnknownValuesAreNoErrors(t *testing.T) {
	const later = "resource \"terraform_data\" \"later\" {}\n"
	nodes := strings.Replace(threeNodes, `"203.0.113.3"`, "terraform_data.later.id", 1) + "\n"
	key := newKey(t)
	for name, body := range map[string]string{
		"galera":            "resource \"ha_galera_cluster\" \"t\" {\n name = \"shop\"\n" + nodes + `databases = { shop = { charset = terraform_data.later.id } }` + "\n" + `users = { a = { hosts = [terraform_data.later.id], grants = { "shop.*" = [terraform_data.later.id] } }, c = { name = terraform_data.later.id, hosts = ["%"] }, b = { hosts = toset([terraform_data.later.id, "10.0.0.0/24"]), grants = { (terraform_data.later.id) = ["ALL"] } } }` + "\n}\n",
		"volume":            "resource \"ha_gluster_volume\" \"t\" {\n name = \"content\"\n brick_path = \"/srv/g/brick\"\n" + nodes + "disperse = parseint(terraform_data.later.id, 16)\narbiter = 1\noptions = { \"performance.io-cache\" = terraform_data.later.id }\nclients = [terraform_data.later.id]\n}\n",
		"volume with count": "resource \"ha_gluster_volume\" \"t\" {\n name = \"content\"\n brick_path = \"/srv/g/brick\"\n" + nodes + "replica = 5\nredundancy = parseint(terraform_data.later.id, 16)\n}\n",
		"floating IP":       "resource \"ha_floating_ip\" \"t\" {\n address = \"10.0.0.100/24\"\n" + nodes + "check = { http = { path = terraform_data.later.id } }\nauth_secret = terraform_data.later.id\n}\n",
		"web":               "resource \"ha_web_tier\" \"t\" {\n name = \"shop\"\n" + nodes + unknownSite + "}\n",
		"web below var":     "resource \"ha_web_tier\" \"t\" {\n name = \"shop\"\n" + nodes + "document_root = \"/var/lib/site\"\nmount = terraform_data.later.output\n}\n",
		"web with sessions": "resource \"ha_web_tier\" \"t\" {\n name = \"shop\"\n" + nodes + "document_root = \"/srv/www/x\"\nmount = terraform_data.later.id == \"x\" ? null : { source = \"10.0.0.21:/content\" }\nsessions = \"shared\"\n}\n",
		"web with mount":    "resource \"ha_web_tier\" \"t\" {\n name = \"shop\"\n" + nodes + "document_root = \"/srv/www/x\"\nmount = terraform_data.later.output\ntrusted_proxies = [terraform_data.later.id]\nserver_name = terraform_data.later.id\nserver_aliases = [\"www.example.org\"]\npackages = [terraform_data.later.id]\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{{
					Config: providerBlock(key, "") + later + body, PlanOnly: true, ExpectNonEmptyPlan: true,
				}},
			})
		})
	}
}

// failsAtPlan wants an error from a plan that Terraform makes of a configuration.
func failsAtPlan(t *testing.T, config, want string) {
	t.Helper()
	// Terraform quotes the line that an error is about: a pattern that it matches
	// would pass with any error.
	if loose(want).MatchString(config) {
		t.Fatalf("the configuration itself matches %q", want)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps:                    []resource.TestStep{{Config: config, PlanOnly: true, ExpectError: loose(want)}},
	})
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
		"no key":                {"provider \"ha\" {}\n", "No SSH key is configured: set"},
		"public key":            {providerBlock(sshtest.PublicLine(t, good), ""), "private key is a public key"},
		"nonsense":              {providerBlock("not a key", ""), "private key is in no known format"},
		"policy":                {providerBlock(good, `host_key_policy = "no"`), `host_key_policy value must be one of: \["pinned" "accept-new"\]`},
		"duration":              {providerBlock(good, `boot_timeout_seconds = "soon"`), `a number is required`},
		"no time":               {providerBlock(good, `connect_timeout_seconds = 0`), `Attribute ssh.connect_timeout_seconds value must be between 0.1\d* and 3600`},
		"expired certificate":   {providerBlock(good, "certificate = \""+expired+"\""), "certificate expired at"},
		"another's certificate": {providerBlock(good, "certificate = \""+foreign+"\""), `certificate is for the key SHA256:\S+ not for the private key`},
		"no passphrase":         {providerBlock(locked, ""), "private key is encrypted and no passphrase was given"},
		"wrong passphrase":      {providerBlock(locked, `private_key_passphrase = "close sesame"`), "passphrase of the private key is wrong"},
		"bastion's key":         {providerBlock(good, "bastions = [{ host = \"203.0.113.9\", private_key = \"-----BEGIN NONSENSE-----\" }]"), "private key has lost its newlines"},
		"port":                  {providerBlock(good, "port = 0"), "Attribute ssh.port value must be between 1 and 65535, got: 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failsAtPlan(t, test.config+body, test.want)
		})
	}
}
