package galera

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// A floating IP follows the cluster: its machines are told of others once these have
// databases. Where all machines of a floating address are replaced, the last of them
// that leaves the cluster would leave clients without a database, because no other one
// could take the address yet. That machine stays a member until the floating IP has let
// go of it, which then runs the program that lies there (see [tier.Departure]).

var mayDepartScript = shell.Embedded(scripts, "may-depart")

// departureOf is the program that takes a machine out of the cluster, with the same
// commands as [leave]. The floating IP knows nothing of the other members, so that the
// program itself looks whether they are a quorum.
func departureOf(spec Spec) host.File {
	engine := spec.engine()
	return tier.Departure{Kind: markerKind, Name: spec.Name}.File(
		shell.Script(mayDepartScript, engine.client, socketPath, fmt.Sprint(spec.quorum())),
		host.DisablingUnits(unitsOf(engine)...),
		shell.Script(departScript, dataDirectory),
		tier.Returning(drainMark(spec.Name)),
		host.RemovingFirewall(firewallOf(spec)),
		shell.New("rm", append([]string{"-f", "--"}, ours(spec)...)...),
		shell.New("systemctl", "daemon-reload"),
		shell.New("rm", "-f", "--", markerPath(spec.Name)),
	)
}

func askDeparture(spec Spec, _ string) tier.Questions {
	return tier.Questions{Files: []string{departureOf(spec).Path}, Parts: []shell.Part{tier.AskCandidate("candidate")}}
}

func readDeparture(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Candidate = answers.Parts.Lines("candidate")
}

// planDeparture keeps nodes from leaving whose machines were to leave and are declared
// again.
func planDeparture(d *draft) error {
	program := departureOf(d.spec)
	for node, seen := range d.answering() {
		if seen.Files[program.Path].Exists {
			d.prepare.On(node.Name, Step{Node: node.Name, Title: "stay in the cluster", Why: "it is to leave the cluster after its floating IP, and is a node",
				Do: func(ctx context.Context, hosts host.Hosts) error {
					return hosts[node.Name].RemoveFile(ctx, program.Path)
				}})
		}
	}
	return nil
}

// neededAt are the floating addresses, by the machines that leave, that nobody could take
// who stays or leaves later, in the order in which they leave.
func (s Status) neededAt(spec Spec) map[string][]string {
	needed := map[string][]string{}
	leavers := leaversInOrder(spec, s)
	for i, leaver := range leavers {
		seen := s.Nodes[leaver.Name]
		if !seen.primary() || s.hasLeft(leaver.Name, spec.UUID) {
			continue
		}
		others := slices.Clone(s.only(spec.names()).where(NodeStatus.answers))
		for _, later := range leavers[i+1:] {
			if s.Nodes[later.Name].primary() {
				others = append(others, later.Name)
			}
		}
		for _, address := range seen.Candidate {
			if !slices.ContainsFunc(others, func(name string) bool { return s.Nodes[name].couldTake(address) }) {
				needed[leaver.Name] = append(needed[leaver.Name], address)
			}
		}
	}
	return needed
}

// couldTake reports whether the machine may get a floating address while it has a
// database.
func (n NodeStatus) couldTake(address string) bool {
	return n.Maintenance == "" && slices.Contains(n.Candidate, address)
}

// handedOver reports whether it is the floating IP that lets a machine leave.
func (s Status) handedOver(spec Spec, name string) bool {
	program := departureOf(spec)
	return program.Difference(s.Nodes[name].Files[program.Path]) == "" && len(s.neededAt(spec)[name]) > 0
}

// departing are the machines that are members until the floating IP has let go of them.
func (s Status) departing(spec Spec) []string {
	return slices.DeleteFunc(spec.leavingNames(), func(name string) bool { return !s.handedOver(spec, name) })
}

// alone reports whether the members see nobody else than those that were asked.
func (s Status) alone() bool {
	members := len(s.where(NodeStatus.primary))
	return members > 0 && s.largest() <= members+len(s.inView())
}

// stepHandOver leaves the end of a machine to its floating IP.
func stepHandOver(spec Spec, name string, needed []string) Step {
	machine := name
	if node, former := formerly(name); former {
		machine = "the former machine of " + node
	}
	why := fmt.Sprintf("%s stays a member until its floating IP has let go of it: no other machine could take %s yet", machine, strings.Join(needed, ", "))
	return Step{Node: name, Title: "leave the cluster after the floating IP", Why: why, Effect: reconcile.HandsOver, Do: leave(spec, name)}
}

// handOver prepares a machine to leave once its floating IP lets go of it, and reports
// whether that is still to come.
func handOver(ctx context.Context, hosts host.Hosts, spec Spec, name string) (handed bool, err error) {
	if _, err := seenWholeWithout(ctx, hosts, spec, name); err != nil {
		return false, err
	}
	if err := hosts[name].WriteFile(ctx, departureOf(spec)); err != nil {
		return false, err
	}
	// The floating IP takes back what it says of its addresses before it looks for the
	// program: it may have let go meanwhile, without having seen it.
	answers, err := hosts[name].Ask(ctx, tier.AskCandidate("candidate"))
	return len(answers.Lines("candidate")) > 0, err
}

// departureNotices say who leaves later, and when.
func departureNotices(spec Spec, status Status) []string {
	needed := status.neededAt(spec)
	var notices []string
	for _, name := range status.departing(spec) {
		notices = append(notices, fmt.Sprintf("%s is a member until its floating IP lets go of it, because no other machine could take %s before; until then the cluster has one member more than it has nodes",
			name, strings.Join(needed[name], ", ")))
	}
	return notices
}
