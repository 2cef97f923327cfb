package floatingip

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

var answersScript = shell.Embedded(scripts, "answers")

// askLeave asks each machine of a floating IP whether those that leave are still there:
// one that does not answer us may be well in the network of the address.
func askLeave(spec Spec, _ string) tier.Questions {
	if len(spec.Leaving) == 0 {
		return tier.Questions{}
	}
	var addresses []string
	for _, node := range spec.Leaving {
		if node.Address != "" {
			addresses = append(addresses, node.Address)
		}
	}
	return tier.Questions{Parts: []shell.Part{shell.Ask("answers", answersScript, append(addresses, spec.ips()...)...)}}
}

func readLeave(spec Spec, _ string, answers tier.Answers, seen *Machine) {
	seen.Asked = len(spec.Leaving) > 0
	for _, line := range answers.Parts.Lines("answers") {
		if line == "asked" {
			seen.Answering = map[string]string{}
			continue
		}
		if address, who, found := strings.Cut(line, " "); found && seen.Answering != nil {
			seen.Answering[address] = who
		}
	}
}

// leaving returns the machines that are to leave and have something of the floating IP.
func (d *draft) leaving() []host.Node {
	var nodes []host.Node
	for _, node := range d.spec.Leaving {
		if machine, seen := d.status.Machines[node.Name]; seen && machine.Reachable() && leavesTraces(d.spec, machine) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// unseen returns the machines that are to leave and do not answer.
func (d *draft) unseen() []host.Node {
	return slices.DeleteFunc(slices.Clone(d.spec.Leaving), func(node host.Node) bool {
		machine, seen := d.status.Machines[node.Name]
		return seen && machine.Reachable()
	})
}

// refuseLeave refuses to let machines go while one of them may hold the address and does
// not answer, while one that stays does not, or where nobody could have the address.
func refuseLeave(d *draft) error {
	if err := d.refuseHidden(); err != nil {
		return err
	}
	leaving := d.leaving()
	if len(leaving) == 0 {
		return nil
	}
	refused := func(evidence []string, remedy string) error {
		return &reconcile.RefusedError{What: "take a machine out of floating IP " + d.spec.ip(), Node: leaving[0].Name, Evidence: evidence, Remedy: remedy}
	}
	if away := d.away(); len(away) > 0 {
		var evidence []string
		for _, name := range away {
			evidence = append(evidence, fmt.Sprintf("%s is to stay and does not answer: %v", name, d.status.Machines[name].Err))
		}
		return refused(evidence, "Bring the machine back and apply again, or let it leave instead.")
	}
	if len(d.takers("")) > 0 || d.settingUp() || !slices.ContainsFunc(leaving, func(node host.Node) bool {
		return d.isHolder(node.Name) || d.isFit(d.machine(node))
	}) {
		return nil
	}
	var evidence []string
	for _, other := range d.nodes() {
		evidence = append(evidence, fmt.Sprintf("%s is to stay and its check fails: %s", other.Name, d.machine(other).Check.Output))
	}
	return refused(evidence, "Nobody could take the address. Repair a machine that stays, and apply again.")
}

// settingUp reports whether a machine that is to stay has not joined yet.
func (d *draft) settingUp() bool { return slices.ContainsFunc(d.nodes(), d.joins) }

// refuseHidden refuses to forget a machine that does not answer us and is in the network
// of the address all the same: once the others do not speak to it any more, it takes the
// address, if it does not hold it now.
func (d *draft) refuseHidden() error {
	unseen := d.unseen()
	if len(unseen) == 0 {
		return nil
	}
	var evidence []string
	asked, could := false, false
	for _, node := range d.nodes() {
		machine := d.machine(node)
		asked, could = asked || machine.Asked, could || machine.Answering != nil
		for _, gone := range unseen {
			if who, answers := machine.Answering[gone.Address]; answers {
				evidence = append(evidence, fmt.Sprintf("%s answers %s at %s (%s) and does not answer this run", gone.Name, node.Name, gone.Address, who))
			}
		}
		if len(d.status.Holders) > 0 {
			continue
		}
		for _, ip := range d.spec.ips() {
			if who, answers := machine.Answering[ip]; answers && !d.isOurs(who) {
				evidence = append(evidence, fmt.Sprintf("%s answers %s at %s, and no machine that answers this run has that address", who, node.Name, ip))
			}
		}
	}
	// A refresh knows nothing of machines that leave, and asks for none.
	if asked && !could {
		evidence = []string{"no machine that stays could ask the network for it"}
	}
	if len(evidence) == 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "forget a machine of floating IP " + d.spec.ip(), Node: unseen[0].Name, Evidence: evidence,
		Remedy: "It could take the address beside another machine. Power it off, or let this run reach it by SSH, and apply again.",
	}
}

// isOurs reports whether it is a machine that answered this run who answers at an address:
// machines are not asked at the same instant, and an address may be on its way.
func (d *draft) isOurs(who string) bool {
	hardware, _, _ := strings.Cut(who, " ")
	return len(d.status.names(func(m Machine) bool { return slices.Contains(m.Hardware, hardware) })) > 0
}

// planLeave lets machines go, once all others are as declared: one after the other, and
// the holder last. Keepalived says goodbye as it stops or loses the instance (a priority
// of zero, RFC 3768, 6.4.3), and another machine takes the address at once.
func planLeave(d *draft) error {
	if !d.stages.Plan().Empty() {
		return nil
	}
	leaving := d.leaving()
	slices.SortStableFunc(leaving, func(a, b host.Node) int {
		switch aHolds := d.isHolder(a.Name); {
		case aHolds == d.isHolder(b.Name):
			return 0
		case aHolds:
			return 1
		}
		return -1
	})
	for _, node := range leaving {
		d.leave.InOrder(d.leaveSteps(node)...)
	}
	return nil
}

func (d *draft) leaveSteps(node host.Node) []Step {
	leave := removeStep(node.Name, d.spec)
	leave.Title = "leave floating IP " + d.spec.ip()
	leave.Effect = reconcile.Leaves
	leave.Why = "it is to leave floating IP " + d.spec.ip()
	others := d.takers("")
	if !d.isHolder(node.Name) || len(others) == 0 {
		return []Step{leave}
	}
	held := func(ctx context.Context, hosts host.Hosts) error {
		return waitForHolder(ctx, d.spec.staying(hosts.Views()), d.spec, d.spec.electionTime(), 1)
	}
	// The machine may serve the last clients, so that it ends once others can be served.
	leave.Do = func(ctx context.Context, hosts host.Hosts) error {
		return remove(ctx, hosts[node.Name], d.spec, func() error { return held(ctx, hosts) })
	}
	return []Step{successorStep(d.spec, others), leave, {Title: "wait for another holder of " + d.spec.ip(), Do: held}}
}

// staying returns the machines that are not to leave.
func (s Spec) staying(views host.Views) host.Views {
	staying := host.Views{}
	for _, node := range s.Nodes {
		if view, found := views[node.Name]; found {
			staying[node.Name] = view
		}
	}
	return staying
}
