package provider_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// first is a first apply that fails, as a user may well write or find it.
type first struct {
	fleet *fleet
	// provider is the ssh attribute, and kind and config are the resource.
	ssh    attributes
	linode attributes
	kind   string
	config attributes
	nodes  attributes
	// old is a Terraform that knows no write-only attributes.
	old bool
	// network and cluster are what the machines of a tier share.
	network *floatingiptest.Network
	cluster *galeratest.Cluster
	sites   *webtiertest.Tier
	bricks  *glustertest.Pool
}

// node is the configuration of one of the nodes.
func (f *first) node(name string) attributes { return f.nodes[name].(attributes) }

// serve has another SSH server in the place of a node's.
func (f *first) serve(name string, options sshtest.Options) *sshtest.Server {
	options.Users = map[string][]string{"root": {sshtest.PublicLine(f.fleet.t, f.fleet.key)}, "deploy": {sshtest.PublicLine(f.fleet.t, f.fleet.key)}}
	options.Handler = f.fleet.answer(name)
	server := sshtest.New(f.fleet.t, options)
	f.fleet.servers[name] = server
	f.node(name)["host"], f.node(name)["port"] = server.Host(), server.Port()
	return server
}

// firsts make the first apply of each tier, which would succeed.
var firsts = map[string]func(t *testing.T) *first{
	"galera": func(t *testing.T) *first {
		f := newFleet(t, "n1", "n2", "n3")
		cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
		first := firstOf(f, "ha_galera_cluster", attributes{"name": "shop"})
		first.cluster = cluster
		return first
	},
	"gluster": func(t *testing.T) *first {
		f := newFleet(t, "n1", "n2", "n3")
		bricks := glustertest.Install(t, f.machines)
		first := firstOf(f, "ha_gluster_volume", attributes{"name": "content", "brick_path": glusterBrick})
		first.bricks = bricks
		return first
	},
	"floating": func(t *testing.T) *first {
		f := newFleet(t, "n1", "n2", "n3")
		network := floatingiptest.Install(t, f.machines, "db", vip)
		first := firstOf(f, "ha_floating_ip", attributes{"name": "db", "address": vip + "/24", "holder_timeout_seconds": 2, "check": attributes{"none": attributes{}}})
		first.network = network
		return first
	},
	"web": func(t *testing.T) *first {
		f := newFleet(t, "n1", "n2", "n3")
		sites := webtiertest.Install(t, f.machines, "shop")
		first := firstOf(f, "ha_web_tier", attributes{"name": "shop", "document_root": "/srv/www/shop"})
		first.sites = sites
		return first
	},
}

func firstOf(f *fleet, kind string, config attributes) *first {
	nodes := attributes{}
	for _, name := range f.names() {
		address, _, _ := strings.Cut(f.machines[name].Facts.Addresses[1].CIDR, "/")
		nodes[name] = attributes{"host": f.servers[name].Host(), "port": f.servers[name].Port(), "address": address}
	}
	config["nodes"] = nodes
	return &first{fleet: f, kind: kind, config: config, nodes: nodes,
		ssh: attributes{"private_key": f.key, "host_key_policy": "accept-new", "boot_timeout_seconds": 0.1, "connect_timeout_seconds": 2}}
}

// apt makes the installation of packages fail on a node, with what apt said.
func (f *first) apt(name, said string) {
	f.fleet.machines[name].Handle("install-packages", func(*hosttest.Machine, shell.Command) (string, int, string) { return "", 100, said })
}

// firstError is one of the likeliest mistakes, and what has to be said of it beside
// what holds for all: the summary, the attribute, and more of the text.
type firstError struct {
	tier    string
	prepare func(t *testing.T, f *first)
	summary string
	path    string
	says    []string
	// warning says that the apply goes on.
	warning bool
}

var firstErrors = map[string]firstError{
	"wrong key": {"galera", func(t *testing.T, f *first) { f.ssh["private_key"] = sshtest.NewKey(t) }, "Unable to Create Galera Cluster", `nodes`,
		[]string{"Cannot log in to n2 at 127.0.0.1:", "as root", "the machine refused ssh-ed25519 SHA256:", `nodes["n1"].user, nodes["n2"].user and nodes["n3"].user`, "ssh.private_key in the provider block (HA_SSH_PRIVATE_KEY)", "Nothing was changed"}, false},
	"wrong user": {"gluster", func(t *testing.T, f *first) { f.node("n2")["user"] = "ubuntu" }, "Unable to Create GlusterFS Volume", `nodes["n2"].user`,
		[]string{"Cannot log in to n2", "as ubuntu", `the user is nodes["n2"].user, or else ssh.user`}, false},
	"closed port": {"floating", func(t *testing.T, f *first) { f.fleet.servers["n3"].Close() }, "Unable to Create Floating IP", `nodes["n3"].host`,
		[]string{"cannot reach n3 at 127.0.0.1:", "refused", `correct nodes["n3"].host or the port beside it, whose default is ssh.port`, "Nothing was changed"}, false},
	"another daemon at the port": {"galera", func(t *testing.T, f *first) { f.node("n2")["port"] = nothingButHello(t) }, "Unable to Create Galera Cluster", `nodes["n2"].host`,
		[]string{"cannot reach n2 at 127.0.0.1:", "or no sshd", "A new cluster begins when all its machines answer"}, false},
	"silent address": {"web", func(t *testing.T, f *first) {
		f.ssh["connect_timeout_seconds"] = 0.3
		for _, name := range f.fleet.names() {
			f.fleet.servers[name].Stall(true)
		}
	}, "Unable to Create Web Tier", `nodes`,
		[]string{"No machine of it answers", "Cannot reach n1 at 127.0.0.1:", "did not end within 300ms", `nodes["n1"].host, nodes["n2"].host and nodes["n3"].host`}, false},
	"name that does not resolve": {"gluster", func(t *testing.T, f *first) { f.node("n1")["host"] = "files1.invalid" }, "Unable to Create GlusterFS Volume", `nodes["n1"].host`,
		[]string{"cannot reach n1 at files1.invalid:", `The name is not known on this computer, which runs Terraform: correct nodes["n1"].host`}, false},
	"hostname as address": {"galera", func(t *testing.T, f *first) { f.node("n2")["address"] = "db2.example.org" }, "Invalid Configuration", `nodes["n2"].address`,
		[]string{`nodes["n2"].address: "db2.example.org" is not an IP address, and the other machines reach n2 at one; set address`}, false},
	"key as a path": {"floating", func(t *testing.T, f *first) { f.ssh["private_key"] = "~/.ssh/id_ed25519" }, "Invalid SSH Credentials", `ssh.private_key`,
		[]string{"ssh.private_key: The private key is the path of a file: give the file's content", `file(pathexpand("~/.ssh/id_ed25519"))`}, false},
	"key with a passphrase": {"floating", func(t *testing.T, f *first) { f.ssh["private_key"] = sshtest.NewEncryptedKey(t, "open sesame") }, "Invalid SSH Credentials", `ssh.private_key_passphrase`,
		[]string{"ssh.private_key_passphrase: The private key is encrypted and no passphrase was given"}, false},
	"no key": {"floating", func(t *testing.T, f *first) { delete(f.ssh, "private_key") }, "No SSH Key", ``,
		[]string{"ssh.private_key in the provider block or HA_SSH_PRIVATE_KEY", "ssh.agent = true"}, false},
	"agent that is not there": {"web", func(t *testing.T, f *first) { delete(f.ssh, "private_key"); f.ssh["agent"] = true }, "Unable to Create Web Tier", `nodes`,
		[]string{"cannot ask the agent: SSH_AUTH_SOCK is not set", "ssh.agent"}, false},
	"unknown host key": {"gluster", func(t *testing.T, f *first) { delete(f.ssh, "host_key_policy") }, "Unable to Create GlusterFS Volume", `nodes`,
		[]string{"Cannot trust n2 at 127.0.0.1:", "unknown host key: it presents", `nodes["n1"].host_key, nodes["n2"].host_key and nodes["n3"].host_key`, "ssh.known_hosts", "accept-new"}, false},
	"host key changed": {"web", func(t *testing.T, f *first) {
		f.node("n2")["host_key"] = f.fleet.servers["n1"].HostKeyFingerprint()
	}, "Unable to Create Web Tier", `nodes["n2"].host_key`, []string{"Cannot trust n2", "wrong host key", "do not go on", `nodes["n2"].host_key`}, false},
	"no sudo": {"galera", func(t *testing.T, f *first) {
		f.serve("n2", sshtest.Options{Sudo: "sudo: a password is required"})
		f.node("n2")["user"] = "deploy"
	}, "Unable to Create Galera Cluster", `nodes["n2"].user`,
		[]string{"Cannot become root on n2 as deploy: sudo refused: sudo: a password is required; put this line into /etc/sudoers.d/deploy: deploy ALL=(ALL) NOPASSWD: ALL", `nodes["n2"].user, or else ssh.user`}, false},
	"sudo not installed": {"galera", func(t *testing.T, f *first) {
		f.serve("n2", sshtest.Options{Sudo: "sh: 1: sudo: not found", SudoStatus: 127})
		f.node("n2")["user"] = "deploy"
	}, "Unable to Create Galera Cluster", `nodes["n2"].user`, []string{"Cannot become root on n2 as deploy: sudo is not installed"}, false},
	"login shell that refuses": {"web", func(t *testing.T, f *first) {
		f.serve("n1", sshtest.Options{NoShell: true, Greeting: "Please login as the user \"debian\" rather than the user \"root\".\n"})
	}, "Unable to Create Web Tier", `nodes["n1"].user`, []string{"Cannot run a command on n1 as root", `rather than the user "root"; the user needs a shell`}, false},
	"bastion refuses the user": {"galera", func(t *testing.T, f *first) {
		gate := sshtest.New(t, sshtest.Options{Forward: true})
		f.bastion(gate, attributes{"user": "jump"})
	}, "Unable to Create Galera Cluster", ``, []string{"Cannot log in to bastion 127.0.0.1 at 127.0.0.1:", "as jump", "user and private_key of the bastion in ssh.bastions in the provider block"}, false},
	"bastion does not forward": {"galera", func(t *testing.T, f *first) {
		gate := sshtest.New(t, sshtest.Options{})
		f.bastion(gate, attributes{"private_key": gate.ClientKey()})
	}, "Unable to Create Galera Cluster", `nodes`, []string{"Cannot reach n1 at", "bastion 127.0.0.1 does not forward connections", "AllowTcpForwarding", "ssh.bastions"}, false},
	"bastion that is unknown": {"galera", func(t *testing.T, f *first) {
		gate := sshtest.New(t, sshtest.Options{Forward: true})
		f.bastion(gate, attributes{"private_key": gate.ClientKey(), "host_key": nil})
	}, "Unable to Create Galera Cluster", ``, []string{"Cannot trust bastion 127.0.0.1", "unknown host key", "its host_key in ssh.bastions in the provider block"}, false},
	"another distribution": {"web", func(t *testing.T, f *first) {
		f.fleet.machines["n2"].Facts.Distribution, f.fleet.machines["n2"].Facts.Version = "almalinux", "9.4"
	}, "Unable to Create Web Tier", `nodes["n2"]`, []string{"Cannot manage n2: it runs almalinux 9.4", "Debian", "Nothing was changed"}, false},
	"apt locked": {"galera", func(t *testing.T, f *first) {
		f.apt("n2", "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)")
	}, "Unable to Create Galera Cluster", `nodes["n2"]`, []string{"on n2: the package manager failed: exit status 100: E: Could not get lock", "4711 (unattended-upgr)", "no other running apt", "apt-get install", "the apply continues where it stopped"}, false},
	"apt without a network": {"web", func(t *testing.T, f *first) {
		f.apt("n1", "E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'\nE: Unable to locate package apache2")
	}, "Unable to Create Web Tier", `nodes["n1"]`, []string{"on n1: the package manager failed: exit status 100", "Temporary failure resolving 'deb.debian.org'", "access to its mirrors over HTTP"}, false},
	"small disk": {"galera", func(t *testing.T, f *first) {
		f.fleet.machines["n3"].Ready.FreeMiB, f.fleet.machines["n3"].Ready.FreeOn = 90, "/var"
	}, "Unable to Create Galera Cluster", `nodes["n3"].host`, []string{"Refused to install packages on n3: 90 MiB are free on the file system of /var", "At least 256 MiB", "Nothing was changed"}, false},
	"clock skew": {"floating", func(t *testing.T, f *first) { f.fleet.machines["n2"].Ready.Ahead = -3 * time.Hour }, "Clocks Differ", ``,
		[]string{"The clock of n2 is 3h0m0s behind that of n", "systemd-timesyncd or chrony"}, true},
	"wrong interface": {"floating", func(t *testing.T, f *first) { f.config["interface"] = "eth9" }, "Unable to Create Floating IP", `interface`,
		[]string{"on n1: 10.0.0.11 is on eth0, not on eth9", `nodes["n1"].address`, "interface", "Nothing was changed"}, false},
	"no VLAN": {"floating", func(t *testing.T, f *first) { f.fleet.machines["n2"].Facts.Addresses = publicOnly }, "Unable to Create Floating IP", `nodes["n2"].address`,
		[]string{"on n2: it does not have the address 10.0.0.12; it has 203.0.113.12 on eth0", `nodes["n2"].address`, "VLAN"}, false},
	"address that the machine does not have": {"galera", func(t *testing.T, f *first) { f.fleet.machines["n2"].Facts.Addresses = publicOnly }, "Unable to Create Galera Cluster", `nodes["n2"].address`,
		[]string{"Refused to let daemons listen at 10.0.0.12 on n2: it does not have that address; it has 203.0.113.12 on eth0", `Correct nodes["n2"].address`}, false},
	"protocol 112 blocked": {"floating", func(t *testing.T, f *first) { f.network.Blocked = true }, "Unable to Create Floating IP", `interface`,
		[]string{"hold 10.0.0.100 at the same time", "IP protocol 112 (VRRP)", "on Linode a VLAN", "nodes.*.address"}, false},
	"floating IP that somebody has": {"floating", func(t *testing.T, f *first) { f.network.Taken = "52:54:00:aa:bb:cc" }, "Unable to Create Floating IP", `address`,
		[]string{"Refused to set up floating IP 10.0.0.100", "52:54:00:aa:bb:cc answers at 10.0.0.100", "seen from n1", "Choose another address"}, false},
	"one machine twice": {"gluster", func(t *testing.T, f *first) {
		f.node("n3")["host"] = "localhost"
		f.node("n3")["port"] = f.fleet.servers["n2"].Port()
	}, "Unable to Create GlusterFS Volume", `nodes["n3"].host`, []string{"Refused to use one machine as two nodes on n3: n2 and n3 are one machine", `nodes["n2"].host or nodes["n3"].host`}, false},
	"the same host twice": {"web", func(t *testing.T, f *first) {
		f.node("n3")["host"], f.node("n3")["port"] = f.node("n2")["host"], f.node("n2")["port"]
	}, "Invalid Configuration", `nodes["n3"].host`, []string{`nodes["n3"].host: Nodes n2 and n3 are the same machine`}, false},
	"nginx at Apache's port": {"web", func(t *testing.T, f *first) { f.fleet.machines["n1"].Ready.Listeners[80] = "nginx" }, "Unable to Create Web Tier", `nodes["n1"].host`,
		[]string{"Refused to take port 80 on n1: nginx listens at it already", "Stop and disable it"}, false},
	"a database that is there": {"galera", func(t *testing.T, f *first) {
		f.cluster.Nodes["n2"].Installed, f.cluster.Nodes["n2"].Schemas = true, []string{"crm"}
	}, "Unable to Create Galera Cluster", `nodes["n2"]`,
		[]string{"Refused to use the data directory /var/lib/mysql on n2", "move the directory away", "Nothing was changed"}, false},
	"address outside of the network": {"floating", func(t *testing.T, f *first) { f.config["address"] = "10.9.0.100/24" }, "Invalid Configuration", `nodes["n1"].address`,
		[]string{`nodes["n1"].address: 10.0.0.11 is outside of 10.9.0.0/24, the network of the floating IP 10.9.0.100`}, false},
	"old Terraform": {"galera", func(_ *testing.T, f *first) {
		f.old = true
		f.config["users"] = attributes{"shop": attributes{"hosts": []any{"%"}, "password_wo": "pa55w0rd", "password_wo_version": 1}}
	}, "WriteOnly Attribute Not Allowed", `users["shop"].password_wo`, []string{"password_wo", "only supported in Terraform 1.11 and later"}, false},
	"brick on the root file system": {"gluster", func(_ *testing.T, f *first) { f.bricks.Mounts["n1"] = "/" }, "Unable to Create GlusterFS Volume", `allow_root_partition`,
		[]string{"Refused to use " + glusterBrick + " as a brick on n1: it lies on the root file system", "Mount a file system for it at a directory above, or set allow_root_partition = true"}, false},
	"database's password": {"web", func(_ *testing.T, f *first) { f.wordPress("denied") }, "Unable to Create Web Tier", `wordpress.database_user`,
		[]string{"the database shop at 10.0.0.100 to let shop in: it refuses the account, its password or the database's name", "wordpress.database_password_wo", "in users of ha_galera_cluster"}, false},
	"database's address": {"web", func(_ *testing.T, f *first) { f.wordPress("away") }, "Unable to Create Web Tier", `wordpress.database_host`,
		[]string{"the database shop at 10.0.0.100 to let shop in: it does not answer from n1", "Correct wordpress.database_host, with :port"}, false},
	"wrong token": {"web", func(t *testing.T, f *first) { f.linodeAnswers(t, http.StatusUnauthorized) }, "Linode Token Refused", `nodebalancer`,
		[]string{"does not accept the token (401)", "linode.token in the provider block or LINODE_TOKEN"}, false},
	"no token": {"web", func(t *testing.T, f *first) { f.config["nodebalancer"] = attributes{"id": 11, "config_id": 22} }, "No Linode Token", `nodebalancer`,
		[]string{"linode.token in the provider block or LINODE_TOKEN"}, false},
	"wrong NodeBalancer": {"web", func(t *testing.T, f *first) { f.linodeAnswers(t, http.StatusNotFound) }, "NodeBalancer Not Found", `nodebalancer`,
		[]string{"NodeBalancer 11, configuration 22 does not exist, or the token may not see it", "nodebalancer.id and nodebalancer.config_id"}, false},
}

// wordPress is a site whose database says this for as long as it is waited for.
func (f *first) wordPress(says string) {
	f.sites.Database.Says = says
	f.config["timeouts"] = attributes{"create": "6s"}
	f.config["wordpress"] = attributes{
		"url": "http://shop.example.org", "admin_email": "a@example.org", "admin_password_wo": "x",
		"database_host": vip, "database_name": "shop", "database_user": "shop", "database_password_wo": "x", "password_wo_version": 1,
	}
}

// publicOnly are the addresses of a machine without a VLAN.
var publicOnly = []host.Address{{Interface: "lo", CIDR: "127.0.0.1/8"}, {Interface: "eth0", CIDR: "203.0.113.12/24"}}

// bastion puts a machine on the way to all nodes.
func (f *first) bastion(gate *sshtest.Server, more attributes) {
	bastion := attributes{"host": gate.Host(), "port": gate.Port(), "host_key": gate.HostKeyLine()}
	for name, value := range more {
		bastion[name] = value
	}
	f.ssh["bastions"] = []any{bastion}
}

// linodeAnswers is a Linode API that answers with an error, and a tier that asks it.
func (f *first) linodeAnswers(t *testing.T, status int) {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"errors": [{"reason": "Invalid Token"}]}`))
	}))
	t.Cleanup(api.Close)
	f.linode = attributes{"token": "t0ken", "url": api.URL}
	f.config["nodebalancer"] = attributes{"id": 11, "config_id": 22}
}

// nothingButHello is a daemon that speaks something else than SSH.
func nothingButHello(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			conn.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	number, _ := strconv.Atoi(port)
	return number
}

var (
	nextStep = regexp.MustCompile(`(?i)\b(correct|set|add|allow|supported in|make room|stop and|choose|move|see that|look at|belongs into|let the|give|put|needs?|have to|every node|clear)\b`)
)

// TestFirstErrors has everything that a user reads of the likeliest first mistakes.
func TestFirstErrors(t *testing.T) {
	for name, test := range firstErrors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := firsts[test.tier](t)
			test.prepare(t, f)
			provider := attributes{"ssh": f.ssh}
			if f.linode != nil {
				provider["linode"] = f.linode
			}
			said := created(t, provider, f.kind, f.config, f.old)
			var found *tfprotov6.Diagnostic
			for _, d := range said {
				if d.Summary == test.summary && found == nil {
					found = d
				}
			}
			if found == nil {
				t.Fatalf("no diagnostic %q: %s", test.summary, told(said))
			}
			t.Log(told(said))
			if (found.Severity == tfprotov6.DiagnosticSeverityWarning) != test.warning {
				t.Errorf("it is of severity %s", found.Severity)
			}
			if at := pathOf(found); at != test.path {
				t.Errorf("it is about %q, not about %q", at, test.path)
			}
			for _, want := range test.says {
				if !strings.Contains(found.Detail, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if !nextStep.MatchString(found.Detail) {
				t.Error("it does not say what to do")
			}
			if strings.Contains(found.Detail, "..") && !strings.Contains(found.Detail, "...") || strings.Contains(found.Detail, "%!") {
				t.Error("it is not written well")
			}
		})
	}
}

func told(diagnostics []*tfprotov6.Diagnostic) string {
	var b strings.Builder
	for _, d := range diagnostics {
		fmt.Fprintf(&b, "\n%s: %s\n  at %s\n%s\n", d.Severity, d.Summary, pathOf(d), d.Detail)
	}
	return b.String()
}

// pathOf writes the path of a diagnostic as Terraform's language does.
func pathOf(d *tfprotov6.Diagnostic) string {
	if d.Attribute == nil {
		return ""
	}
	var b strings.Builder
	for _, step := range d.Attribute.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			if b.Len() > 0 {
				b.WriteString(".")
			}
			b.WriteString(string(step))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&b, "[%q]", string(step))
		default:
			fmt.Fprintf(&b, "[%v]", step)
		}
	}
	return b.String()
}
