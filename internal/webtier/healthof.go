package webtier

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Roles of a node as [HealthOf] tells them.
const (
	RoleServing = "serving"
	RoleDrained = "drained"
	RoleFailed  = "failed"
	RoleOutside = "outside"
)

// errNotAsked is what is known of a declared machine that nobody looked at.
var errNotAsked = errors.New("the machine was not asked")

// HealthOf says how a web tier is. It is pure. A node that an operator has drained, or that is
// in maintenance, is no problem as long as another one serves.
func HealthOf(spec Spec, status Status) tier.Health {
	health := tier.Health{Nodes: map[string]tier.NodeHealth{}}
	missing := map[string]error{}
	serving := 0
	for _, node := range spec.Nodes {
		seen, found := status.Nodes[node.Name]
		if !found || seen.Err != nil {
			missing[node.Name] = cmp.Or(seen.Err, errNotAsked)
			continue
		}
		role := seen.role(spec)
		health.Nodes[node.Name] = tier.NodeHealth{Role: role, State: seen.state(spec), Packages: seen.Packages}
		if role == RoleServing {
			serving++
		}
	}
	health.Serving = fmt.Sprintf("%d of %d nodes serve", serving, len(spec.Nodes))
	if serving == 0 {
		health.Problem("no node that answers serves web tier %s", spec.Name)
	}
	health.Missing(missing)
	for _, node := range spec.Nodes {
		if _, away := missing[node.Name]; away {
			continue
		}
		for _, why := range status.Nodes[node.Name].faults(spec) {
			health.Problem("%s %s", node.Name, why)
		}
	}
	health.Maintained(status.maintained())
	return health
}

// role is what the machine does for visitors.
func (n NodeStatus) role(s Spec) string {
	switch {
	case !slices.Contains(n.Markers, s.Name):
		return RoleOutside
	case n.Drained != "":
		return RoleDrained
	case n.Serving():
		return RoleServing
	}
	return RoleFailed
}

// state is what the health endpoint answers, or systemd where Apache does not run.
func (n NodeStatus) state(s Spec) string {
	switch apache := n.Units[apacheUnit]; {
	case apache.Active == "" || apache.Load == "not-found":
		return "Apache is not installed"
	case !apache.Running():
		return "Apache is " + apache.Active
	case n.Health == 0:
		return s.HealthPath + " does not answer"
	}
	return s.HealthPath + " answers " + strconv.Itoa(n.Health)
}

// faults say what is wrong with a node that answers.
func (n NodeStatus) faults(s Spec) []string {
	var faults []string
	switch role := n.role(s); {
	case role == RoleOutside:
		faults = append(faults, "has nothing of web tier "+s.Name)
	case n.Maintenance == tier.Stopped && !n.Units[apacheUnit].Running():
	case n.Maintenance != "" && n.Units[apacheUnit].Running():
	case role == RoleFailed:
		faults = append(faults, "does not serve: "+n.state(s))
	case n.Drained == drainedByChange || n.Rolling:
		faults = append(faults, "was taken out of service by a change that did not end")
	}
	if answer := n.Mount.Answer; s.Mount != nil && answer != AnswerOK && n.role(s) != RoleOutside {
		faults = append(faults, fmt.Sprintf("does not see the shared directory: it is %s", cmp.Or(answer, "not mounted")))
	}
	return faults
}
