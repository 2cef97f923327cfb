package floatingip

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Roles of a node as [HealthOf] tells them.
const (
	RoleHolder  = "holder"
	RoleBackup  = "backup"
	RoleFault   = "fault"
	RoleOutside = "outside"
)

// errNotAsked is what is known of a declared machine that nobody looked at.
var errNotAsked = errors.New("the machine was not asked")

// HealthOf says how a floating IP is. It is pure. Of a spec with no more than a name and
// nodes, the rest is what the machines remember.
func HealthOf(spec Spec, status Status) tier.Health {
	spec = status.recall(spec).Defaulted()
	health := tier.Health{Nodes: map[string]tier.NodeHealth{}}
	missing := map[string]error{}
	var holders []string
	fit := 0
	for _, node := range spec.Nodes {
		machine, seen := status.Machines[node.Name]
		if !seen || machine.Err != nil {
			missing[node.Name] = machine.Err
			if !seen {
				missing[node.Name] = errNotAsked
			}
			continue
		}
		role := machine.roleIn(spec)
		health.Nodes[node.Name] = tier.NodeHealth{Role: role, State: machine.state(), Packages: machine.Packages}
		if role == RoleHolder {
			holders = append(holders, node.Name)
		}
		if machine.unfitFor(spec) == "" && machine.Maintenance == "" {
			fit++
		}
	}
	address := cmp.Or(spec.ip(), "floating IP "+spec.Name)
	health.Serving = fmt.Sprintf("%d of %d nodes can hold %s", fit, len(spec.Nodes), address)
	switch {
	case len(missing) == len(spec.Nodes):
		health.Problem("no machine answers")
	case !status.known(spec):
		health.Problem("no machine that answers has anything of floating IP %s", spec.Name)
	case len(holders) == 0:
		health.Problem("no machine that answers holds %s", address)
	case len(holders) > 1:
		health.Problem("%s hold %s at the same time", strings.Join(holders, ", "), address)
	}
	health.Missing(missing)
	for _, node := range spec.Nodes {
		if _, away := missing[node.Name]; away {
			continue
		}
		machine := status.Machines[node.Name]
		if why := machine.unfitFor(spec); why != "" && status.known(spec) && !machine.standsAside(spec) {
			health.Problem("%s cannot hold %s: %s", node.Name, address, why)
		}
		if lacking := machine.lacks(spec.ips()); len(lacking) > 0 && slices.Contains(holders, node.Name) {
			health.Problem("%s holds the floating IP without %s", node.Name, strings.Join(lacking, ", "))
		}
	}
	health.Maintained(status.standingAside(spec))
	return health
}

// standsAside reports whether the machine is in maintenance and would be fit without that:
// its check fails on purpose.
func (m Machine) standsAside(spec Spec) bool {
	return m.Maintenance != "" && m.Ours(spec.Name) && m.Unit.Running() && len(m.held(spec.ips())) == 0
}

// standingAside is how machines are out of service, by name. One that still holds the
// address is the holder all the same.
func (s Status) standingAside(spec Spec) map[string]tier.Maintenance {
	recorded := s.maintained()
	for name := range recorded {
		if !s.Machines[name].standsAside(spec) {
			delete(recorded, name)
		}
	}
	return recorded
}

// roleIn is what the machine does, by the addresses that it has.
func (m Machine) roleIn(spec Spec) string {
	switch {
	case spec.Address != "" && len(m.held(spec.ips())) > 0:
		return RoleHolder
	case !m.Ours(spec.Name) || !m.Unit.Running():
		return RoleOutside
	case m.Role == "FAULT":
		return RoleFault
	}
	return RoleBackup
}

// state is what Keepalived has told last, or systemd where it does not run.
func (m Machine) state() string {
	switch {
	case m.Unit.Active == "" || m.Unit.Load == "not-found":
		return "keepalived is not installed"
	case !m.Unit.Running():
		return "keepalived is " + m.Unit.Active
	case m.Role == "":
		return "keepalived has told no state"
	}
	return m.Role
}

// unfitFor says why the machine could not hold the address now; empty if it could.
func (m Machine) unfitFor(spec Spec) string {
	switch {
	case !m.Ours(spec.Name):
		return "it has no configuration of this floating IP"
	case !m.Unit.Running():
		return m.state()
	case m.Check.Ran && !m.Check.Passed:
		return "its check fails: " + m.Check.Output
	case m.Role == "FAULT":
		return "keepalived is FAULT"
	}
	return ""
}
