package cluster

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Access is what resources get from the provider block: the way to machines and to
// the Linode API.
type Access struct {
	// Default is the last hop to a node that says nothing else.
	Default ssh.Hop
	// Bastions are the hops before it, the outermost first.
	Bastions []ssh.Hop
	// ConnectTimeout is how long one attempt to connect may take.
	ConnectTimeout time.Duration
	// BootTimeout is how long a change waits for a machine that does not answer yet.
	BootTimeout time.Duration
	// LeasePatience is how long a change waits for the lease of another run.
	LeasePatience time.Duration
	// KeyUnknown and PortUnknown say that the private key and the port of Default are
	// not known yet, at plan.
	KeyUnknown, PortUnknown bool
	// Linode is the way to the Linode API.
	Linode Linode

	pool *ssh.Pool
	// run is how other runs know this one.
	run       string
	sightings sightings
	// progress is where steps are written for a person to follow.
	progress io.Writer
}

// NewAccess returns an access that knows no way yet. It dials nothing.
func NewAccess() (*Access, diag.Diagnostics) {
	progress, diags := openProgress()
	return &Access{pool: ssh.NewPool(ssh.Options{Heard: logCommand}), run: thisRun(), progress: progress}, diags
}

// requireKey reports a missing key, once machines are about to be reached.
func (a *Access) requireKey() error {
	if a.Default.Auth.PrivateKey == "" && !a.Default.Auth.Agent && !a.KeyUnknown {
		return fmt.Errorf("no SSH key is configured: set ssh.private_key in the provider block or HA_SSH_PRIVATE_KEY, or set ssh.agent = true")
	}
	return nil
}

// hosts returns the machines of a cluster. Nothing is dialed until one is used.
// A machine that does not answer then is given the time of wait.
func (a *Access) hosts(nodes map[string]nodeModel, remembered map[string]string, wait func(name string) time.Duration) (host.Hosts, map[string]*ssh.Client) {
	hosts, clients := host.Hosts{}, map[string]*ssh.Client{}
	for name, node := range nodes {
		clients[name] = a.pool.Client(ssh.Target{Node: name, Hop: a.hop(name, node, remembered[name]), Bastions: a.Bastions, ConnectTimeout: a.ConnectTimeout, Wait: wait(name)})
		hosts[name] = host.New(name, clients[name])
	}
	return hosts, clients
}

// Machine is the way to a machine that is no node of the resource which asks.
type Machine struct {
	Host, HostKey, User types.String
	Port                types.Int64
}

// Ask returns a machine to look at. Nothing is dialed until it is asked, and one that does
// not answer then is not waited for.
func (a *Access) Ask(machine Machine) (host.View, error) {
	if err := a.requireKey(); err != nil {
		return host.View{}, err
	}
	name := machine.Host.ValueString()
	node := nodeModel{Host: machine.Host, Port: machine.Port, User: machine.User, HostKey: machine.HostKey}
	hosts, _ := a.hosts(map[string]nodeModel{name: node}, nil, atOnce)
	return hosts[name].View, nil
}

// hop is a node as the way to it ends.
func (a *Access) hop(name string, node nodeModel, remembered string) ssh.Hop {
	hop := a.Default
	hop.Name, hop.Host = name, node.Host.ValueString()
	hop.Port = int(int64Or(node.Port, int64(a.Default.Port)))
	hop.User = cmp.Or(node.User.ValueString(), a.Default.User)
	hop.HostKey.Remembered = remembered
	if pinned := node.HostKey.ValueString(); pinned != "" {
		hop.HostKey.Pinned = []string{pinned}
	}
	return hop
}

// defaultPort is where a machine is reached whose node names no port; null while
// that is not known. There is no access where a configuration is only validated.
func (a *Access) defaultPort() types.Int64 {
	if a == nil || a.PortUnknown {
		return types.Int64Null()
	}
	return types.Int64Value(int64(a.Default.Port))
}

// atOnce is for machines that answer now or do not count.
func atOnce(string) time.Duration { return 0 }

// rebootPatience is how long a change waits for a machine that has answered an
// earlier run: it may be rebooting, but it is no machine that is being installed.
const rebootPatience = 2 * time.Minute

// patienceWith returns how long a change waits for a machine that does not answer.
func (a *Access) patienceWith(change tier.Change) time.Duration {
	switch change {
	case tier.Stays:
		return min(a.BootTimeout, rebootPatience)
	case tier.Leaves:
		return min(a.BootTimeout, departurePatience)
	default:
		return a.BootTimeout
	}
}

func int64Or(value types.Int64, otherwise int64) int64 {
	if value.IsNull() || value.IsUnknown() {
		return otherwise
	}
	return value.ValueInt64()
}
