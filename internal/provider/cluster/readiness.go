package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// reach is the way to the machines of a change.
type reach struct {
	hosts   host.Hosts
	clients map[string]*ssh.Client
	// gone is why machines that leave are not among the hosts. One that refuses the
	// login or shows another host key is none of the cluster's any more either.
	gone     map[string]error
	warnings diag.Diagnostics
}

// reached returns the machines of a change, after those that still boot had time for
// it: less time where the machine is the one that was there before. A machine that
// does not answer is waited for here, beside all others, and not again at each of the
// many commands of a run. It is an error if no machine can be reached, or if one that
// answers refuses the login; a tier could say less about either.
func (a *Access) reached(ctx context.Context, of machines) (reach, error) {
	hosts, clients := a.hosts(of.nodes, of.remembered, func(name string) time.Duration { return of.patience(a, name) })
	answers := host.Look(ctx, hosts.Views(), func(ctx context.Context, view host.View) (host.Checked, error) {
		node := host.Node{Name: view.Name(), Address: of.nodes[view.Name()].peerAddress().ValueString()}
		return a.checked(ctx, view, node, of.wanted.OwnAddress && !of.leaves(view.Name()))
	})
	impatient, theirs := a.hosts(of.nodes, of.remembered, atOnce)
	errs := map[string]error{}
	var answered, departing []host.Checked
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		if err := answers[name].Err; err != nil {
			errs[name] = err
			hosts[name], clients[name] = impatient[name], theirs[name]
			continue
		}
		if of.leaves(name) {
			departing = append(departing, answers[name].Value)
		} else {
			answered = append(answered, answers[name].Value)
		}
	}
	errs, gone := of.split(errs)
	for name := range gone {
		delete(hosts, name)
	}
	switch {
	case tier.Permanent(errs) != nil:
		return reach{}, tier.Permanent(errs)
	case len(errs) > 0 && len(answered) == 0:
		away := &tier.MachineErrors{Intro: "no machine of it answers:\n"}
		for _, name := range slices.Sorted(maps.Keys(errs)) {
			away.Errs = append(away.Errs, errs[name])
		}
		return reach{}, away
	}
	if err := unfit(answered, of.changes, of.wanted); err != nil {
		return reach{}, err
	}
	if err := stillThere(answered, departing); err != nil {
		return reach{}, err
	}
	return reach{hosts: hosts, clients: clients, gone: gone, warnings: skewWarning(answered)}, nil
}

// addressPatience is how long an address may come after the first login: a machine that
// boots answers as soon as one of its interfaces is up.
const addressPatience = 15 * time.Second

// checked asks a machine whether it is ready, and waits a moment for its address.
func (a *Access) checked(ctx context.Context, view host.View, node host.Node, ownAddress bool) (host.Checked, error) {
	ask := func(ctx context.Context) (host.Checked, error) {
		parts, err := view.Ask(ctx, host.AskFacts("facts"), host.AskReadiness("readiness"))
		return host.Checked{Node: node, Facts: host.ParseFacts(parts["facts"]), Ready: host.ParseReadiness(parts["readiness"], time.Now())}, err
	}
	machine, err := ask(ctx)
	if err == nil && machine.Ready.Stopping {
		machine, err = a.booted(ctx, node.Name, ask)
	}
	if err != nil || !ownAddress || machine.Facts.Has(node.Address) {
		return machine, err
	}
	// Where it does not come, the caller tells of what was seen last.
	_ = reconcile.WaitAtMost(ctx, min(addressPatience, a.BootTimeout), "the address "+node.Address, time.Second, func(ctx context.Context) (string, error) {
		now, err := ask(ctx)
		if err != nil {
			return "", err
		}
		machine = now
		if !machine.Facts.Has(node.Address) {
			return "it does not have it", nil
		}
		return "", nil
	})
	return machine, nil
}

// booted waits for a machine that is shutting down, which the apply before may have told to
// reboot: what is asked of it meanwhile breaks off.
func (a *Access) booted(ctx context.Context, name string, ask func(context.Context) (host.Checked, error)) (host.Checked, error) {
	var machine host.Checked
	err := reconcile.WaitAtMost(ctx, a.BootTimeout, name+" to answer after a reboot", time.Second, func(ctx context.Context) (string, error) {
		var err error
		if machine, err = ask(ctx); err == nil && machine.Ready.Stopping {
			return "it is shutting down", nil
		}
		return "", err
	})
	return machine, err
}

// stillThere refuses to take a machine out of a cluster that a declared node is, by
// another name or at another address: the change would undo its own work.
func stillThere(declared, departing []host.Checked) error {
	var found tier.MachineErrors
	for _, leaves := range departing {
		for _, pair := range host.Twice(append(slices.Clone(declared), leaves)) {
			if pair[1] != leaves.Node.Name {
				continue
			}
			found.Errs = append(found.Errs, &reconcile.RefusedError{
				What: "take the machine out of the cluster that is still one of its nodes", Node: pair[1],
				Evidence: []string{fmt.Sprintf("%s and %s are one machine", pair[0], pair[1])},
				Remedy:   fmt.Sprintf("To reach the same machine in another way, set nodes[%q].address to %s, by which its peers know it.", pair[0], leaves.Node.Address),
				Path:     ofNode(pair[0], "address"),
			})
		}
	}
	if len(found.Errs) == 0 {
		return nil
	}
	return &found
}

// leastFreeMiB is less than any tier takes: the package lists of a distribution alone
// are a third of it.
const leastFreeMiB = 256

// unfit says why machines cannot be what they are to be, before the first change. Only
// a node that joins has its ports and its packages still to come.
func unfit(machines []host.Checked, changes map[string]tier.Change, wanted Requirements) error {
	var found tier.MachineErrors
	refuse := func(node, attribute, what, remedy string, evidence ...string) {
		found.Errs = append(found.Errs, &reconcile.RefusedError{What: what, Node: node, Evidence: evidence, Remedy: remedy, Path: ofNode(node, attribute)})
	}
	twice := map[string]bool{}
	for _, pair := range host.Twice(machines) {
		twice[pair[1]] = true
		refuse(pair[1], "host", "use one machine as two nodes", fmt.Sprintf(`Every node needs a machine of its own: correct nodes[%q].host or nodes[%q].host.`, pair[0], pair[1]),
			fmt.Sprintf("%s and %s are one machine", pair[0], pair[1]))
	}
	for _, machine := range machines {
		name, address := machine.Node.Name, machine.Node.Address
		if twice[name] {
			continue
		}
		if err := machine.Facts.Supported(name); err != nil {
			found.Errs = append(found.Errs, err)
			continue
		}
		if wanted.OwnAddress && !machine.Facts.Has(address) {
			refuse(name, "address", "let daemons listen at "+address, fmt.Sprintf(`Correct nodes[%q].address, or give the machine that address, at which the other nodes reach it.`, name),
				"it does not have that address", "it has "+machine.Facts.Listed())
		}
		if changes[name] != tier.Joins {
			continue
		}
		if ready := machine.Ready; ready.FreeOn != "" && ready.FreeMiB < leastFreeMiB {
			refuse(name, "host", "install packages", fmt.Sprintf("At least %d MiB have to be free. Make room there, or choose a larger machine.", leastFreeMiB),
				fmt.Sprintf("%d MiB are free on the file system of %s", ready.FreeMiB, ready.FreeOn))
		}
		for _, port := range sortedPorts(wanted.Ports) {
			if program := machine.Ready.Listeners[port]; program != "" && !slices.Contains(wanted.Ports[port], program) {
				refuse(name, "host", fmt.Sprintf("take port %d", port), "Stop and disable it there, or choose another machine.",
					fmt.Sprintf("%s listens at it already", program))
			}
		}
	}
	if len(found.Errs) == 0 {
		return nil
	}
	return &found
}

func sortedPorts(ports map[int][]string) []int {
	var all []int
	for port := range ports {
		all = append(all, port)
	}
	slices.Sort(all)
	return all
}

func skewWarning(machines []host.Checked) diag.Diagnostics {
	var diags diag.Diagnostics
	if said := host.Skewed(machines); said != "" {
		diags.AddWarning("Clocks Differ", tier.Capitalized(said)+". Packages and certificates are refused by a clock that is behind, and logs and times of files cannot be compared. Let the machines synchronize their time, such as with systemd-timesyncd or chrony.")
	}
	return diags
}
