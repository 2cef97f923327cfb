package exampletest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

const root = "../.."

// TestExamples applies each example, plans it again, which must be empty, and
// destroys it. The tiers share three machines.
func TestExamples(t *testing.T) {
	if os.Getenv("LAB_EXAMPLES") != "1" {
		t.Skip("takes minutes of the lab: run `make examples`")
	}
	e := newEstate(t)
	const password = "correct horse battery staple"
	for _, example := range []struct {
		name      string
		variables map[string]any
	}{
		{"file-tier", map[string]any{"nodes": e.nodes("files"), "clients": []string{"10.88.0.11"}, "allow_root_partition": true}},
		{"bastion", map[string]any{
			"nodes": e.private("files"), "allow_root_partition": true, "ssh_private_key": e.key, "known_hosts": e.knownHosts,
			"bastion": map[string]any{"host": e.public["bastion"], "user": "root", "host_key": e.hostKeys["bastion"]},
		}},
		{"database-tier", map[string]any{
			"nodes": e.nodes("db"), "floating_ip": "10.88.0.100/24", "buffer_pool_size": "128M", "shop_password": password,
		}},
		{"floating-ip", map[string]any{"nodes": e.nodes("lb"), "address": "10.88.0.101/24", "port": 22}},
		{"web-tier", map[string]any{"nodes": e.nodes("web"), "load_balancers": []string{"10.88.0.2"}}},
		{"own-hosts", map[string]any{
			"files": e.nodes("files"), "databases": e.nodes("db"), "web": e.nodes("web"), "floating_ip": "10.88.0.100/24",
			"load_balancers": []string{"10.88.0.2"}, "allow_root_partition": true, "shop_password": password,
		}},
	} {
		t.Run(example.name, func(t *testing.T) { e.prove(t, example.name, example.variables) })
	}
}

// estate is machines that somebody has: all that Terraform knows of them is how to
// reach them.
type estate struct {
	lab        *labtest.Lab
	key        string
	knownHosts string
	public     map[string]string
	hostKeys   map[string]string
	program    string
	config     string
	workspace  string
}

// hosts are the machines of the tiers.
var hosts = []string{"n1", "n2", "n3"}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{
		lab: labtest.Boot(t, "examples", append(hosts, "bastion")...), key: sshtest.NewKey(t),
		public: map[string]string{}, hostKeys: map[string]string{}, workspace: t.TempDir(),
	}
	for i, node := range e.lab.Nodes {
		name := node.Name
		e.lab.Run(name, fmt.Sprintf("mkdir -p -m 0700 /root/.ssh; echo '%s' >> /root/.ssh/authorized_keys", sshtest.PublicLine(t, e.key)))
		address := e.lab.Run(name, "ip -4 -o address show dev eth0 scope global | awk '{print $4}' | head -n 1")
		e.public[name], _, _ = strings.Cut(address, "/")
		e.hostKeys[name] = e.lab.Run(name, "cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub")
		e.knownHosts += fmt.Sprintf("%s,%s %s\n", e.public[name], e.lab.Nodes[i].Address, e.hostKeys[name])
	}
	for _, folder := range []string{"modules", "examples"} {
		if err := os.CopyFS(filepath.Join(e.workspace, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	e.install(t)
	return e
}

// install builds the provider and has Terraform take it without a registry.
func (e *estate) install(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(folder, "terraform-provider-ha"), ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the provider: %v\n%s", err, out)
	}
	e.config = filepath.Join(folder, "cli.tfrc")
	content := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    \"terraform-ha/ha\" = %q\n  }\n  direct {}\n}\n", folder)
	if err := os.WriteFile(e.config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform", "tofu"} {
		if found, err := exec.LookPath(name); err == nil {
			e.program = found
			return
		}
	}
	t.Fatal("neither terraform nor tofu is on PATH")
}

// nodes are the machines by their public addresses, under keys that begin with prefix.
func (e *estate) nodes(prefix string) map[string]map[string]string {
	all := map[string]map[string]string{}
	for i, name := range hosts {
		all[fmt.Sprint(prefix, i+1)] = map[string]string{"host": e.public[name], "address": e.lab.Nodes[i].Address}
	}
	return all
}

// private are the machines by the addresses at which only the bastion reaches them.
func (e *estate) private(prefix string) map[string]map[string]string {
	all := map[string]map[string]string{}
	for i := range hosts {
		all[fmt.Sprint(prefix, i+1)] = map[string]string{"host": e.lab.Nodes[i].Address}
	}
	return all
}

// prove applies an example, plans it, and destroys it.
func (e *estate) prove(t *testing.T, example string, variables map[string]any) {
	t.Helper()
	dir := filepath.Join(e.workspace, "examples", example)
	content, err := json.Marshal(variables)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lab.auto.tfvars.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	defer labtest.Time(t, "apply, plan, destroy")()
	for _, arguments := range [][]string{
		{"get"},
		{"apply", "-auto-approve", "-input=false", "-no-color"},
		{"plan", "-detailed-exitcode", "-input=false", "-no-color"},
		{"destroy", "-auto-approve", "-input=false", "-no-color"},
	} {
		if out, err := e.run(t, dir, arguments...); err != nil {
			t.Fatalf("terraform %s: %v\n%s", arguments[0], err, out)
		}
	}
}

func (e *estate) run(t *testing.T, dir string, arguments ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), e.program, arguments...)
	command.Dir = dir
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "HA_") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "TF_CLI_CONFIG_FILE="+e.config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"HA_SSH_PRIVATE_KEY="+e.key, "HA_SSH_KNOWN_HOSTS="+e.knownHosts)
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 {
		err = errors.New("the plan is not empty")
	}
	return string(out), err
}
