package provider_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

// fleet is simulated machines behind real SSH servers, and the provider that
// Terraform reaches them with.
type fleet struct {
	t        *testing.T
	key      string
	machines map[string]*hosttest.Machine
	servers  map[string]*sshtest.Server
	// ssh is more of the provider's ssh attribute.
	ssh string
	// make makes the provider's server.
	make func() (tfprotov6.ProviderServer, error)

	mu       sync.Mutex
	warnings []string
}

func newFleet(t *testing.T, names ...string) *fleet {
	t.Helper()
	_, machines := hosttest.Cluster(t, names...)
	f := &fleet{
		t: t, key: sshtest.NewKey(t), machines: machines, servers: map[string]*sshtest.Server{},
		ssh:  "host_key_policy = \"accept-new\"\nboot_timeout_seconds = 1",
		make: factories["ha"],
	}
	users := map[string][]string{"root": {sshtest.PublicLine(t, f.key)}, "admin": {sshtest.PublicLine(t, f.key)}}
	for name := range machines {
		f.servers[name] = sshtest.New(t, sshtest.Options{Users: users, Handler: f.answer(name)})
	}
	return f
}

// answer runs a command line on a simulated machine.
func (f *fleet) answer(name string) sshtest.Handler {
	return func(ctx context.Context, line string, stdin []byte) (stdout, stderr []byte, status int) {
		command, err := shell.ParseDelivery(strings.TrimPrefix(line, "sudo -n -- "), stdin)
		if err != nil {
			f.t.Error(err)
			return nil, []byte(err.Error()), 255
		}
		result, err := f.machines[name].Run(ctx, command)
		var exit *shell.ExitError
		switch {
		case err == nil:
			return result.Stdout, result.Stderr, 0
		case errors.As(err, &exit):
			return exit.Stdout, exit.Stderr, exit.Status
		case host.IsUnreachable(err):
			f.servers[name].DropConnections()
		}
		return nil, nil, 255
	}
}

func (f *fleet) names() []string { return slices.Sorted(maps.Keys(f.machines)) }

// down takes machines off the network, and up brings them back.
func (f *fleet) down(names ...string) {
	for _, name := range names {
		f.machines[name].Locked(func() { f.machines[name].Down = true })
		f.servers[name].RefuseNext(1 << 30)
		f.servers[name].DropConnections()
	}
}

func (f *fleet) up() {
	for _, name := range f.names() {
		f.machines[name].Locked(func() { f.machines[name].Down = false })
		f.servers[name].RefuseNext(0)
	}
}

// locked changes the simulation while no command runs.
func (f *fleet) locked(change func()) {
	f.machines[f.names()[0]].Locked(change)
}

// reinstall takes everything from the machines that was not there at first.
func (f *fleet) reinstall() {
	f.locked(func() {
		for _, m := range f.machines {
			clear(m.Files)
			clear(m.Packages)
			clear(m.Units)
		}
	})
}

// nodes is the map of nodes as a configuration has it.
func (f *fleet) nodes() string {
	var b strings.Builder
	b.WriteString("nodes = {\n")
	for _, name := range f.names() {
		address, _, _ := strings.Cut(f.machines[name].Facts.Addresses[1].CIDR, "/")
		fmt.Fprintf(&b, "    %s = { host = %q, port = %d, address = %q }\n", name, f.servers[name].Host(), f.servers[name].Port(), address)
	}
	return b.String() + "  }\n"
}

// config is a provider block and the given resources.
func (f *fleet) config(resources ...string) string {
	return providerBlock(f.key, f.ssh) + strings.Join(resources, "\n")
}

// resource is a resource with the fleet's machines as nodes.
func (f *fleet) resource(kind, body string) string {
	return fmt.Sprintf("resource %q \"t\" {\n  %s\n  %s\n}\n", kind, f.nodes(), body)
}

// importID names the cluster at one of the machines.
func (f *fleet) importID(name string) string {
	return name + "@" + f.servers[f.names()[1]].Addr()
}

// factories make the provider, whose warnings the fleet collects.
func (f *fleet) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"ha": func() (tfprotov6.ProviderServer, error) {
			server, err := f.make()
			return &listener{ProviderServer: server, fleet: f}, err
		},
	}
}

// listener collects what refreshing, planning and applying warn of; plugin-testing does not show it.
type listener struct {
	tfprotov6.ProviderServer
	fleet *fleet
}

func (l *listener) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := l.ProviderServer.ConfigureProvider(ctx, req)
	if err == nil {
		l.keep(resp.Diagnostics)
	}
	return resp, err
}

func (l *listener) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := l.ProviderServer.ReadResource(ctx, req)
	if err == nil {
		l.keep(resp.Diagnostics)
	}
	return resp, err
}

func (l *listener) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := l.ProviderServer.PlanResourceChange(ctx, req)
	if err == nil {
		l.keep(resp.Diagnostics)
	}
	return resp, err
}

func (l *listener) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := l.ProviderServer.ApplyResourceChange(ctx, req)
	if err == nil {
		l.keep(resp.Diagnostics)
	}
	return resp, err
}

func (l *listener) keep(diagnostics []*tfprotov6.Diagnostic) {
	l.fleet.mu.Lock()
	defer l.fleet.mu.Unlock()
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			l.fleet.warnings = append(l.fleet.warnings, d.Summary+": "+d.Detail)
		}
	}
}

// warned returns the warnings since it was last asked, as one text.
func (f *fleet) warned() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() { f.warnings = nil }()
	return strings.Join(f.warnings, "\n")
}

// traffic is what the servers have counted, by node: commands by their sessions
// and by the lines that came through them.
type traffic struct{ connections, commands, lines map[string]int }

func (f *fleet) traffic() traffic {
	seen := traffic{map[string]int{}, map[string]int{}, map[string]int{}}
	for name, server := range f.servers {
		seen.connections[name], seen.commands[name], seen.lines[name] = server.Connections(), server.Sessions(), len(server.Lines())
	}
	return seen
}

// asked returns the command lines that reached machines since then.
func (f *fleet) asked(since traffic) map[string]bool {
	lines := map[string]bool{}
	for name, server := range f.servers {
		for _, line := range server.Lines()[since.lines[name]:] {
			lines[name+": "+line] = true
		}
	}
	return lines
}

// most returns the highest count of new connections and commands on a machine.
func (f *fleet) most(since traffic) (connections, commands int) {
	now := f.traffic()
	for name := range f.servers {
		connections = max(connections, now.connections[name]-since.connections[name])
		commands = max(commands, now.commands[name]-since.commands[name])
	}
	return connections, commands
}

// file returns the content of a file on a machine.
func (f *fleet) file(machine, name string) (content string, found bool) {
	f.locked(func() {
		file, exists := f.machines[machine].Files[name]
		content, found = file.Content, exists
	})
	return content, found
}
